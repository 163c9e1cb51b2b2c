-- breaks older code: yes
-- Pause, answer, end, resume: how the replicas of a generation get one common end (protocol.md 3, design.md 6).

-- Asks the replicas to pause at the open sequence. While a pause for it is pending, the number stays and its lease is renewed.
create function headgate_request_pause(input jsonb) returns jsonb
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
  perform headgate_notify_control(sup.supervisor_id, group_no, generation_no);
  return jsonb_build_object('kind', 'requested', 'requestNo', current.request_no);
end $$;

-- Whether the caller still holds the lease of its task; the row stays locked, so that nobody takes it over meanwhile.
create function headgate_holds_lease(lease jsonb) returns boolean
language plpgsql as $$
begin
  perform 1 from task_lease
    where task_id = lease->>'taskId'
      -- guard: lease-epoch
      and epoch = (lease->>'epoch')::bigint
      -- end guard
      -- guard: lease-token
      and token::text = lease->>'token'
      -- end guard
    for no key update;
  return found;
end $$;

-- Under the supervisor lock: an answer is either counted by the end of this request, or told that it came too late.
create function headgate_answer_pause(input jsonb) returns jsonb
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
  perform headgate_notify_control(reader.supervisor_id, reader.group_id, reader.generation);
  return jsonb_build_object('kind', 'ok');
end $$;

-- A replica whose pause lease ran out reads on only by raising the request number, which makes the pending end impossible.
-- A lease renewed meanwhile is not run out: then the replica stays paused.
create function headgate_resume_after_lease(input jsonb) returns jsonb
language plpgsql as $$
declare
  reader task;
  current control;
begin
  select * into reader from task where task_id = input->'lease'->>'taskId';
  perform headgate_lock_supervisor(reader.supervisor_id);
  -- guard: resume-lease
  if not headgate_holds_lease(input->'lease') then
    return jsonb_build_object('kind', 'superseded');
  end if;
  -- end guard
  select * into current from control where supervisor_id = reader.supervisor_id and group_id = reader.group_id
    and generation = reader.generation for no key update;
  -- guard: resume-request
  if current.state <> 'pause' or current.request_no <> (input->>'requestNo')::bigint then
    return jsonb_build_object('kind', 'superseded');
  end if;
  -- end guard
  -- guard: resume-renewed
  if current.lease_until > clock_timestamp() then
    return jsonb_build_object('kind', 'superseded');
  end if;
  -- end guard
  update control set request_no = request_no + 1, state = 'run', lease_until = null
    where supervisor_id = reader.supervisor_id and group_id = reader.group_id and generation = reader.generation;
  perform headgate_notify_control(reader.supervisor_id, reader.group_id, reader.generation);
  return jsonb_build_object('kind', 'resumed');
end $$;

-- The furthest any replica has durably or verifiably come in a sequence, per partition; never below its starts. Counts
-- the answers of this request, progress of the epoch that holds the lease, and the newest checkpoint of each replica.
create function headgate_reached(seq sequence, request_no_wanted bigint) returns table (partition text, reached numeric)
language sql volatile as $$
  with said as (
    select positions from control_answer where supervisor_id = seq.supervisor_id and group_id = seq.group_id
      and generation = seq.generation and request_no = request_no_wanted
    union all
    select p.positions from task t
      join task_lease l on l.task_id = t.task_id
      join task_progress p on p.task_id = t.task_id and p.epoch = l.epoch
      where t.supervisor_id = seq.supervisor_id and t.group_id = seq.group_id and t.generation = seq.generation
        and t.state = 'RUNNING'
    union all
    select newest.positions from (
      select distinct on (c.replica) c.positions from checkpoint_sequence c
      where c.sequence_id = seq.sequence_id order by c.replica, c.number desc) newest
  )
  select sp.partition, greatest(sp.start_position, max((said.positions->>sp.partition)::numeric))
  from sequence_partition sp left join said on true
  where sp.sequence_id = seq.sequence_id
  group by sp.partition, sp.start_position
$$;

-- Writes the ends once and, in the same transaction, opens the next sequence at them or marks the generation final.
create function headgate_end_sequence(input jsonb) returns jsonb
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
