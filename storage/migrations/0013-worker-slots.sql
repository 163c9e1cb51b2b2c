-- breaks older code: no
-- How many tasks an ingest worker takes at the same time: what the capacity of the whole is summed from.
alter table worker add column slots integer;
