-- breaks older code: no
-- Lists of tasks and the counters of /metrics go by time, however many tasks there have been.
create index task_by_creation on task (created_at desc);
create index task_by_end on task (ended_at) where ended_at is not null;
