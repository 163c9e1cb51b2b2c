-- breaks older code: no
-- Segments by the thousand: which of them a query needs is found in indexes and in the statistics of their files.

create table segment_check (
  segment_id text collate "C" primary key references segment on delete cascade,
  checked_at timestamptz not null default clock_timestamp(),
  -- Null: the file is as published. A sentence otherwise.
  problem text,
  -- By column name in the file: `min` and `max` of numbers, `low` and `high` of texts (the UTF-8 bytes in hex, so that "C"
  -- compares them as bytes), `empty` when every value is null. A column that is absent here may hold anything.
  statistics jsonb not null default '{}'
);
-- Files that were found corrupt are looked at again: somebody may have put them right.
create index segment_check_problem on segment_check (checked_at) where problem is not null;

-- Who looks at which file now, so that several api processes share the work. Only a hint: two checks of a file agree.
create table segment_check_claim (
  segment_id text collate "C" primary key references segment on delete cascade,
  worker_id text collate "C" not null,
  until_at timestamptz not null
);
create index segment_check_claim_by_end on segment_check_claim (until_at);

-- Thousands of segments have a handful of column lists: their digest finds one of each without reading them all.
alter table segment add column shape text collate "C" generated always as (md5(columns::text)) stored;
create index segment_by_shape on segment (data_source, shape) where used;
-- Finds an hour among years whatever the length of segments, and has statistics of its own: of two comparisons the planner
-- would expect a quarter of all segments. Both ends belong to it, so that no interval is empty.
create index segment_by_interval on segment using gist (tstzrange(start_at, end_at, '[]')) where used;
create index segment_by_creation on segment (created_at) where used;
