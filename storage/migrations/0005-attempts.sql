-- breaks older code: yes
-- Attempts of a task: taking it over, saying how far it is, its end and its replacement (protocol.md 3).

-- What each attempt has read, for the re-read ratio: records read by all attempts, over replicas, over records published.
create table task_attempt (
  task_id text collate "C" not null references task,
  epoch bigint not null,
  records_read bigint not null,
  started_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp(),
  primary key (task_id, epoch)
);

-- Takes the task over: epoch + 1 and a new token fence every earlier attempt. What to read is answered from the same
-- call, after the lease is taken, never before (reliability.md 3.3 step 1).
create function headgate_acquire(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
  sup supervisor;
  lease task_lease;
  grp task_group;
  stopped jsonb;
  refused text;
begin
  select * into reader from task where task_id = input->>'taskId';
  if reader.task_id is null then
    return jsonb_build_object('kind', 'refused', 'reason', 'UNKNOWN',
      'detail', format('no task %s', input->>'taskId'));
  end if;
  sup := headgate_lock_supervisor(reader.supervisor_id);
  stopped := headgate_check_time(sup, coalesce(input->'seen', '{}'));
  if stopped is not null then
    return stopped;
  end if;
  select * into lease from task_lease where task_id = reader.task_id for no key update;
  select * into reader from task where task_id = reader.task_id;
  -- guard: acquire-attempt
  if lease.activity_run = input->>'activityRun' and (input->>'attempt')::integer < lease.attempt then
    return jsonb_build_object('kind', 'refused', 'reason', 'LOWER_ATTEMPT', 'detail', format(
      'attempt %s of %s came after attempt %s', input->>'attempt', reader.task_id, lease.attempt));
  end if;
  -- end guard
  -- guard: acquire-terminal
  if reader.state <> 'RUNNING' then
    return jsonb_build_object('kind', 'refused', 'reason', 'TASK_TERMINAL',
      'detail', format('task %s is %s', reader.task_id, reader.state));
  end if;
  -- end guard
  -- guard: acquire-discarded
  select string_agg(s.sequence_id || ': ' || coalesce(s.discard_why, ''), '; ' order by s.ordinal) into refused
    from sequence s where (s.supervisor_id, s.group_id, s.generation)
      = (reader.supervisor_id, reader.group_id, reader.generation) and s.state = 'discarded';
  if refused is not null and not exists (select 1 from sequence s
      where (s.supervisor_id, s.group_id, s.generation) = (reader.supervisor_id, reader.group_id, reader.generation)
        and s.state in ('open', 'ended')) then
    return jsonb_build_object('kind', 'refused', 'reason', 'DISCARDED', 'detail', refused);
  end if;
  -- end guard
  select * into grp from task_group where supervisor_id = reader.supervisor_id and group_id = reader.group_id
    and generation = reader.generation;
  -- guard: acquire-term
  if grp.term <> sup.term then
    return jsonb_build_object('kind', 'refused', 'reason', 'TERM', 'detail', format(
      'task %s belongs to term %s, supervisor %s is at %s', reader.task_id, grp.term, sup.supervisor_id, sup.term));
  end if;
  -- end guard
  update task_lease set epoch = epoch + 1, token = gen_random_uuid(), activity_run = input->>'activityRun',
      attempt = (input->>'attempt')::integer, acquired_at = clock_timestamp()
    where task_id = reader.task_id returning * into lease;
  update task set attempts = attempts + 1, worker_id = input->>'workerId' where task_id = reader.task_id;
  return jsonb_build_object('kind', 'acquired',
    'lease', jsonb_build_object('taskId', lease.task_id, 'epoch', lease.epoch::text, 'token', lease.token),
    'timeline', sup.timeline, 'commitSeq', sup.commit_seq::text, 'term', sup.term::text,
    'generation', headgate_generation_json(grp),
    'specText', (select v.spec_text from supervisor_version v
      where v.supervisor_id = sup.supervisor_id and v.version = grp.spec_version),
    'checkpoint', headgate_newest_checkpoint(reader));
end $$;

-- For people, and for the ends when nobody answers. Only the holder of the lease writes, and never under an older epoch.
create function headgate_record_progress(input jsonb) returns jsonb
language plpgsql as $$
begin
  -- guard: progress-lease
  if not headgate_holds_lease(input->'lease') then
    return jsonb_build_object('kind', 'fenced');
  end if;
  -- end guard
  insert into task_progress (task_id, epoch, positions, counters, rates)
    values (input->'lease'->>'taskId', (input->'lease'->>'epoch')::bigint, input->'positions', input->'counters',
      input->'rates')
    on conflict (task_id) do update set epoch = excluded.epoch, positions = excluded.positions,
      counters = excluded.counters, rates = excluded.rates, updated_at = clock_timestamp()
      where task_progress.epoch <= excluded.epoch;
  insert into task_attempt (task_id, epoch, records_read)
    values (input->'lease'->>'taskId', (input->'lease'->>'epoch')::bigint,
      coalesce((input->'rates'->>'recordsRead')::bigint, 0))
    on conflict (task_id, epoch) do update
      set records_read = excluded.records_read, updated_at = clock_timestamp();
  return jsonb_build_object('kind', 'ok');
end $$;

-- A terminal row is what "task gone" means: the lease moves on, so that a late attempt of it is fenced. The first end counts.
create function headgate_finish_task(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
begin
  select * into reader from task where task_id = input->>'taskId';
  perform headgate_lock_supervisor(reader.supervisor_id);
  update task_lease l set epoch = epoch + 1, token = gen_random_uuid()
    from task t where t.task_id = l.task_id and l.task_id = reader.task_id and t.state = 'RUNNING';
  update task set state = input->>'state', error = input->>'error', counted = coalesce((input->>'counted')::boolean, false),
      ended_at = clock_timestamp()
    where task_id = reader.task_id and state = 'RUNNING';
  if found then
    perform headgate_notify_supervisor(reader.supervisor_id);
  end if;
  return jsonb_build_object('kind', case when reader.task_id is null then 'unknown' else 'finished' end);
end $$;

-- The old task ends as FAILED and is fenced, a new one of the same replica takes its place, in one call. A retry gets
-- the successor that is there.
create function headgate_replace_task(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
  successor task;
begin
  select * into reader from task where task_id = input->>'taskId';
  if reader.task_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  perform headgate_lock_supervisor(reader.supervisor_id);
  select * into successor from task where replaces_task_id = reader.task_id;
  if successor.task_id is not null then
    return jsonb_build_object('kind', 'replaced', 'taskId', successor.task_id);
  end if;
  perform headgate_finish_task(jsonb_build_object('taskId', reader.task_id, 'state', 'FAILED',
    'error', input->>'error', 'counted', input->'counted'));
  select * into reader from task where task_id = reader.task_id;
  if reader.state = 'SUCCESS' then
    perform headgate_violation(format('task %s has succeeded; nothing is left to replace', reader.task_id));
  end if;
  insert into task (task_id, supervisor_id, group_id, generation, replica, replaces_task_id)
    values (input->>'newTaskId', reader.supervisor_id, reader.group_id, reader.generation, reader.replica,
      reader.task_id);
  insert into task_lease (task_id) values (input->>'newTaskId');
  perform headgate_notify_supervisor(reader.supervisor_id);
  return jsonb_build_object('kind', 'replaced', 'taskId', input->>'newTaskId');
end $$;
