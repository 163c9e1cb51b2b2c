-- breaks older code: no
-- Task groups: how attempts ended, which tasks get on, and who does not answer.

-- How each attempt ended, as far as anybody could say: it says so itself, or the next one finds that it was lost.
alter table task_attempt add column worker_id text collate "C";
alter table task_attempt add column ending text
  check (ending in ('failed', 'lost', 'handedOver', 'cancelled', 'gaveWay'));
alter table task_attempt add column error text;
alter table task_attempt add column ended_at timestamptz;

-- The sum of its positions, the highest any attempt has reported; and how many attempts in a row have failed below it.
alter table task add column furthest numeric not null default 0;
alter table task add column fruitless_attempts integer not null default 0;
-- Pauses in a row that it has not answered though it reads.
alter table task add column unanswered_pauses integer not null default 0;

create function headgate_sum_of(positions jsonb) returns numeric
language sql immutable as $$
  select coalesce(sum(value::numeric), 0) from jsonb_each_text(positions)
$$;

create or replace function headgate_task_json(wanted task) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'taskId', wanted.task_id, 'replica', wanted.replica, 'state', wanted.state, 'error', wanted.error,
    'counted', wanted.counted, 'attempts', wanted.attempts, 'workerId', wanted.worker_id,
    'createdAtMs', headgate_ms(wanted.created_at), 'endedAtMs', headgate_ms(wanted.ended_at),
    'startedAtMs', (select headgate_ms(min(a.started_at)) from task_attempt a where a.task_id = wanted.task_id),
    'fruitlessAttempts', wanted.fruitless_attempts,
    'lastFailure', (select jsonb_build_object('message', a.error, 'atMs', headgate_ms(a.ended_at))
      from task_attempt a where a.task_id = wanted.task_id and a.ending in ('failed', 'lost')
      order by a.epoch desc limit 1),
    'progress', (select jsonb_build_object('epoch', p.epoch::text, 'positions', p.positions, 'counters', p.counters,
        'rates', p.rates, 'atMs', headgate_ms(p.updated_at))
      from task_progress p where p.task_id = wanted.task_id))
$$;

-- What is said of the attempt before a new one takes over: one that said nothing was lost with its worker. Answers it
-- for people; null before the first.
create function headgate_close_attempt(reader task, lease task_lease) returns jsonb
language plpgsql as $$
declare
  before task_attempt;
  reached numeric;
begin
  if lease.epoch = 0 then
    update task set furthest = (select coalesce(sum(sp.start_position), 0)
        from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
        where (s.supervisor_id, s.group_id, s.generation)
            = (reader.supervisor_id, reader.group_id, reader.generation) and s.ordinal = (
          select min(ordinal) from sequence o where (o.supervisor_id, o.group_id, o.generation)
            = (reader.supervisor_id, reader.group_id, reader.generation) and o.state in ('open', 'ended')))
      where task_id = reader.task_id;
    return null;
  end if;
  update task_attempt set ending = 'lost', ended_at = clock_timestamp(), error = format(
      'worker %s was lost; it was last heard %s UTC', coalesce(worker_id, reader.worker_id),
      to_char(updated_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS'))
    where task_id = reader.task_id and epoch = lease.epoch and ending is null;
  select * into before from task_attempt where task_id = reader.task_id and epoch = lease.epoch;
  select headgate_sum_of(p.positions) into reached from task_progress p where p.task_id = reader.task_id;
  update task set furthest = greatest(furthest, coalesce(reached, 0)),
      fruitless_attempts = case when coalesce(before.ending, 'lost') not in ('failed', 'lost')
        or coalesce(reached, 0) > furthest then 0 else fruitless_attempts + 1 end
    where task_id = reader.task_id;
  return jsonb_build_object('attempt', reader.attempts, 'workerId', coalesce(before.worker_id, reader.worker_id),
    'ending', coalesce(before.ending, 'lost'), 'error', before.error,
    'lastHeardMs', headgate_ms(coalesce(before.updated_at, lease.acquired_at)));
end $$;

create or replace function headgate_acquire(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
  sup supervisor;
  lease task_lease;
  grp task_group;
  stopped jsonb;
  refused text;
  previous jsonb;
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
  previous := headgate_close_attempt(reader, lease);
  update task_lease set epoch = epoch + 1, token = gen_random_uuid(), activity_run = input->>'activityRun',
      attempt = (input->>'attempt')::integer, acquired_at = clock_timestamp()
    where task_id = reader.task_id returning * into lease;
  update task set attempts = attempts + 1, worker_id = input->>'workerId', unanswered_pauses = 0
    where task_id = reader.task_id;
  insert into task_attempt (task_id, epoch, records_read, worker_id)
    values (lease.task_id, lease.epoch, 0, input->>'workerId') on conflict do nothing;
  return jsonb_build_object('kind', 'acquired',
    'lease', jsonb_build_object('taskId', lease.task_id, 'epoch', lease.epoch::text, 'token', lease.token),
    'timeline', sup.timeline, 'commitSeq', sup.commit_seq::text, 'term', sup.term::text,
    'generation', headgate_generation_json(grp),
    'specText', (select v.spec_text from supervisor_version v
      where v.supervisor_id = sup.supervisor_id and v.version = grp.spec_version),
    'checkpoint', headgate_newest_checkpoint(reader), 'previous', previous);
end $$;

create or replace function headgate_record_progress(input jsonb) returns jsonb
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
  -- It gets on: further than any attempt before, or alive for a minute (there may be nothing to read).
  update task t set fruitless_attempts = 0
    where t.task_id = input->'lease'->>'taskId' and t.fruitless_attempts > 0
      and (headgate_sum_of(input->'positions') > t.furthest or exists (select 1 from task_lease l
        where l.task_id = t.task_id and l.acquired_at < clock_timestamp() - interval '60 seconds'));
  return jsonb_build_object('kind', 'ok');
end $$;

-- An attempt says how it ends, the first word counts. For people; the lease is taken over all the same.
create function headgate_note_ending(input jsonb) returns jsonb
language plpgsql as $$
begin
  -- guard: ending-lease
  if not headgate_holds_lease(input->'lease') then
    return jsonb_build_object('kind', 'fenced');
  end if;
  -- end guard
  update task_attempt set ending = input->>'ending', error = input->>'error', ended_at = clock_timestamp()
    where task_id = input->'lease'->>'taskId' and epoch = (input->'lease'->>'epoch')::bigint and ending is null;
  return jsonb_build_object('kind', 'ok');
end $$;

-- What happens within a pause is told with what it is, so that nobody has to look first; all else is "look again".
create function headgate_notify_pausing(sup_id text, group_no integer, generation_no integer, what text) returns void
language plpgsql as $$
begin
  perform pg_notify('headgate_control', sup_id || '/group-' || group_no || '/' || generation_no || '#' || what);
end $$;

-- As before; told with the request, so that replicas stop at once.
create or replace function headgate_request_pause(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->'key'->>'supervisorId');
  group_no integer := (input->'key'->>'groupId')::integer;
  generation_no integer := (input->'key'->>'generation')::integer;
  seq sequence;
  current control;
  until timestamptz := clock_timestamp() + make_interval(secs => (input->>'leaseMs')::double precision / 1000);
begin
  select * into seq from sequence where supervisor_id = sup.supervisor_id and group_id = group_no
    and generation = generation_no and ordinal = (input->>'ordinal')::integer;
  if seq.sequence_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  -- guard: pause-discarded
  if seq.state = 'discarded' or seq.term <> sup.term then
    return jsonb_build_object('kind', 'discarded');
  end if;
  -- end guard
  -- guard: pause-ended
  if seq.state <> 'open' then
    return jsonb_build_object('kind', 'alreadyEnded', 'final', seq.final);
  end if;
  -- end guard
  select * into current from control
    where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no for no key update;
  if current.state <> 'pause' or current.ordinal is distinct from seq.ordinal then
    current.request_no := current.request_no + 1;
    delete from control_answer
      where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no;
  end if;
  update control set request_no = current.request_no, state = 'pause', ordinal = seq.ordinal, lease_until = until
    where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no;
  perform headgate_notify_pausing(sup.supervisor_id, group_no, generation_no,
    format('pause:%s:%s', seq.ordinal, current.request_no));
  return jsonb_build_object('kind', 'requested', 'requestNo', current.request_no);
end $$;

create or replace function headgate_answer_pause(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
  current control;
begin
  select * into reader from task where task_id = input->'lease'->>'taskId';
  perform headgate_lock_supervisor(reader.supervisor_id);
  -- guard: answer-lease
  if not headgate_holds_lease(input->'lease') then
    return jsonb_build_object('kind', 'fenced');
  end if;
  -- end guard
  select * into current from control where supervisor_id = reader.supervisor_id and group_id = reader.group_id
    and generation = reader.generation;
  -- guard: answer-request
  if current.state <> 'pause' or current.request_no <> (input->>'requestNo')::bigint then
    return jsonb_build_object('kind', 'superseded');
  end if;
  -- end guard
  insert into control_answer (supervisor_id, group_id, generation, request_no, task_id, positions)
    values (reader.supervisor_id, reader.group_id, reader.generation, (input->>'requestNo')::bigint,
      reader.task_id, input->'positions')
    on conflict (supervisor_id, group_id, generation, request_no, task_id)
      do update set positions = excluded.positions, answered_at = clock_timestamp();
  update task set unanswered_pauses = 0 where task_id = reader.task_id and unanswered_pauses > 0;
  perform headgate_notify_pausing(reader.supervisor_id, reader.group_id, reader.generation,
    format('answered:%s:%s', input->>'requestNo', (select count(*) from control_answer a
      where a.supervisor_id = reader.supervisor_id and a.group_id = reader.group_id
        and a.generation = reader.generation and a.request_no = (input->>'requestNo')::bigint)));
  return jsonb_build_object('kind', 'ok');
end $$;

-- These did not answer a pause in time. Who reads and has left `limit` of them unanswered is to be replaced: answered
-- once, then counted anew. An attempt that has not begun to read is not counted: it may be fetching its checkpoint.
create function headgate_note_unanswered(input jsonb) returns jsonb
language plpgsql as $$
declare
  mute jsonb;
begin
  with counted as (
    update task t set unanswered_pauses = t.unanswered_pauses + 1
    from task_lease l, task_progress p
    where t.task_id in (select jsonb_array_elements_text(input->'taskIds')) and t.state = 'RUNNING'
      and l.task_id = t.task_id and p.task_id = t.task_id and p.epoch = l.epoch
    returning t.task_id, t.unanswered_pauses)
  select coalesce(jsonb_agg(task_id order by task_id), '[]') into mute
    from counted where unanswered_pauses >= (input->>'limit')::integer;
  update task set unanswered_pauses = 0 where task_id in (select jsonb_array_elements_text(mute));
  return jsonb_build_object('kind', 'noted', 'mute', mute);
end $$;

-- As before; with `awaiting` it ends nothing before all of these have answered.
create or replace function headgate_end_sequence(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->'key'->>'supervisorId');
  group_no integer := (input->'key'->>'groupId')::integer;
  generation_no integer := (input->'key'->>'generation')::integer;
  is_final boolean := (input->>'final')::boolean;
  seq sequence;
  next_sequence sequence;
  current control;
begin
  select * into seq from sequence where supervisor_id = sup.supervisor_id and group_id = group_no
    and generation = generation_no and ordinal = (input->>'ordinal')::integer;
  if seq.sequence_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  -- guard: end-once
  if seq.state in ('ended', 'published') then
    return jsonb_build_object('kind', 'ended', 'final', seq.final, 'ends', headgate_sequence_json(seq)->'ends',
      'nextOrdinal', case when seq.final then null else seq.ordinal + 1 end);
  end if;
  -- end guard
  -- guard: end-discarded
  if seq.state = 'discarded' then
    return jsonb_build_object('kind', 'discarded');
  end if;
  -- end guard
  -- guard: end-term
  if seq.term <> sup.term then
    return jsonb_build_object('kind', 'discarded');
  end if;
  -- end guard
  select * into current from control
    where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no for no key update;
  -- guard: end-request
  if current.state <> 'pause' or current.request_no <> (input->>'requestNo')::bigint
     or current.ordinal is distinct from seq.ordinal then
    return jsonb_build_object('kind', 'superseded');
  end if;
  -- end guard
  -- Told not to end before these have answered.
  if exists (select 1 from jsonb_array_elements_text(coalesce(input->'awaiting', '[]')) wanted
      where not exists (select 1 from control_answer a where a.supervisor_id = sup.supervisor_id
        and a.group_id = group_no and a.generation = generation_no and a.request_no = current.request_no
        and a.task_id = wanted)) then
    return jsonb_build_object('kind', 'waiting');
  end if;

  update sequence_partition sp set end_position = r.reached
    from headgate_reached(seq, current.request_no) r
    where sp.sequence_id = seq.sequence_id and sp.partition = r.partition;
  update sequence set state = 'ended', ended_at = clock_timestamp(), final = is_final
    where sequence_id = seq.sequence_id returning * into seq;
  if not is_final then
    insert into sequence (sequence_id, supervisor_id, group_id, generation, ordinal, term, spec_version,
        window_min_ms, window_max_ms)
      values (input->>'nextSequenceId', seq.supervisor_id, seq.group_id, seq.generation, seq.ordinal + 1, seq.term,
        seq.spec_version,
        case when input ? 'windowMinMs' then (input->>'windowMinMs')::bigint else seq.window_min_ms end,
        case when input ? 'windowMaxMs' then (input->>'windowMaxMs')::bigint else seq.window_max_ms end)
      returning * into next_sequence;
    insert into sequence_partition (sequence_id, stream, partition, start_position, incarnation, predecessor_id)
      select next_sequence.sequence_id, stream, partition, end_position, incarnation, sequence_id
      from sequence_partition where sequence_id = seq.sequence_id;
  end if;
  delete from control_answer
    where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no;
  update control set state = 'run', ordinal = null, lease_until = null
    where supervisor_id = sup.supervisor_id and group_id = group_no and generation = generation_no;
  perform headgate_notify_control(sup.supervisor_id, group_no, generation_no);
  perform headgate_notify_supervisor(sup.supervisor_id);
  return jsonb_build_object('kind', 'ended', 'final', is_final, 'ends', headgate_sequence_json(seq)->'ends',
    'nextOrdinal', next_sequence.ordinal);
end $$;
