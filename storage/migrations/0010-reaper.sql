-- breaks older code: yes
-- Which files may go (protocol.md 6). A row changes to reaped and is committed first; the bytes go after that, and the
-- row stays for ever, so that a file linked late by a thawed process is still known as garbage.

-- Files of the newest checkpoint of each replica, for every sequence still on its way. The protection lasts until the
-- sequence is published or discarded, whatever becomes of the task: its successor may come late.
create function headgate_protected_paths() returns setof text
language sql volatile as $$
  select file->>'path'
  from sequence s
  cross join lateral (
    select distinct on (cs.replica) cs.files from checkpoint_sequence cs
    where cs.sequence_id = s.sequence_id order by cs.replica, cs.number desc) newest
  cross join lateral jsonb_array_elements(newest.files) file
  where s.state in ('open', 'ended')
$$;

-- Who can still commit or checkpoint: a running task of the current term under its current epoch, in a generation with
-- something left to publish. Each of these ends for good, so a file of anybody else stays nobody's.
create function headgate_live_attempts() returns table (task_id text, epoch bigint)
language sql volatile as $$
  select t.task_id, l.epoch
  from task t
  join task_lease l on l.task_id = t.task_id
  join task_group g on (g.supervisor_id, g.group_id, g.generation) = (t.supervisor_id, t.group_id, t.generation)
  join supervisor sup on sup.supervisor_id = t.supervisor_id
  where true
    -- guard: dead-task
    and t.state = 'RUNNING'
    -- end guard
    -- guard: dead-term
    and g.term = sup.term
    -- end guard
    -- guard: dead-generation
    and exists (select 1 from sequence s
      where (s.supervisor_id, s.group_id, s.generation) = (t.supervisor_id, t.group_id, t.generation)
        and s.state in ('open', 'ended'))
    -- end guard
$$;

create function headgate_reapable(grace interval) returns setof text
language sql volatile as $$
  select i.path from upload_intent i
  where i.state = 'pending'
    -- guard: reap-grace
    and i.updated_at < clock_timestamp() - grace
    -- end guard
    -- guard: reap-dead
    and not exists (select 1 from headgate_live_attempts() a where a.task_id = i.task_id
      and a.epoch = i.epoch)
    -- end guard
    -- guard: reap-protected
    and not exists (select 1 from headgate_protected_paths() as kept (path) where kept.path = i.path)
    -- end guard
$$;

-- Rows are locked first and judged again after that: an adoption or a commit between the two looks has the row or lost it.
create function headgate_reap_intents(input jsonb) returns jsonb
language plpgsql as $$
declare
  grace interval := make_interval(secs => (input->>'graceMs')::double precision / 1000);
  candidates text[];
  reaped text[];
begin
  select array_agg(locked.path) into candidates from (
    select i.path from upload_intent i
    where i.state = 'pending' and i.path in (select headgate_reapable(grace))
    order by i.path limit 2000 for no key update skip locked) locked;
  with gone as (
    update upload_intent i set state = 'reaped', updated_at = clock_timestamp()
      where i.path = any (coalesce(candidates, '{}')) and i.path in (select headgate_reapable(grace))
      returning i.path)
  select array_agg(gone.path order by gone.path) into reaped from gone;
  -- Checkpoints of which nothing is on its way any more have served.
  delete from checkpoint c
    where c.created_at < clock_timestamp() - grace and not exists (
      select 1 from checkpoint_sequence cs join sequence s on s.sequence_id = cs.sequence_id
      where cs.checkpoint_id = c.checkpoint_id and s.state in ('open', 'ended'));
  return to_jsonb(coalesce(reaped, '{}'));
end $$;

-- Segments out of use longer than any query runs: the rows go, their files become garbage like any other (I8).
create function headgate_retire_segments(input jsonb) returns jsonb
language plpgsql as $$
declare
  retired text[];
begin
  with gone as (
    delete from segment
      where not used and unused_at < clock_timestamp()
        - make_interval(secs => (input->>'killDelayMs')::double precision / 1000)
      returning path)
  select array_agg(gone.path order by gone.path) into retired from gone;
  update upload_intent set state = 'reaped', updated_at = clock_timestamp()
    where path = any (coalesce(retired, '{}'));
  return to_jsonb(coalesce(retired, '{}'));
end $$;
