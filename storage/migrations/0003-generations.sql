-- breaks older code: yes
-- Task groups, their generations and sequences, the tasks that read them, and the leases of those tasks.

create table task_group (
  supervisor_id text collate "C" not null references supervisor,
  group_id integer not null check (group_id >= 0),
  generation integer not null check (generation > 0),
  term bigint not null,
  spec_version integer not null,
  data_source text not null,
  stream text collate "C" not null,
  base_sequence_name text not null,
  replicas integer not null check (replicas > 0),
  partitions text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (supervisor_id, group_id, generation)
);

create table sequence (
  sequence_id text collate "C" primary key,
  -- Rises with creation, under the supervisor lock: of two sequences on one partition the higher one reads on from the lower.
  number bigint generated always as identity unique,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  ordinal integer not null check (ordinal >= 0),
  term bigint not null,
  state text not null default 'open' check (state in ('open', 'ended', 'published', 'discarded')),
  final boolean not null default false,
  spec_version integer not null,
  -- Rows outside are thrown away. Fixed here, so that replicas and later attempts agree (H5).
  window_min_ms bigint,
  window_max_ms bigint,
  counters jsonb,
  discard_why text,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  published_at timestamptz,
  discarded_at timestamptz,
  unique (supervisor_id, group_id, generation, ordinal),
  foreign key (supervisor_id, group_id, generation) references task_group
);
-- What is still on its way; everything that looks for it must not grow with history.
create index sequence_live on sequence (supervisor_id, number) where state in ('open', 'ended');

create table sequence_partition (
  sequence_id text collate "C" not null references sequence,
  stream text collate "C" not null,
  partition text collate "C" not null,
  start_position headgate_position not null,
  -- Written once (I18).
  end_position headgate_position,
  incarnation bigint not null,
  -- The sequence whose end is this start, if it was unpublished when this one was created.
  predecessor_id text collate "C" references sequence,
  primary key (sequence_id, stream, partition),
  check (end_position >= start_position)
);
create index sequence_partition_successors on sequence_partition (predecessor_id) where predecessor_id is not null;

create table task (
  task_id text collate "C" primary key,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  replica integer not null check (replica >= 0),
  state text not null default 'RUNNING' check (state in ('RUNNING', 'SUCCESS', 'FAILED')),
  error text,
  counted boolean not null default false,
  attempts integer not null default 0,
  worker_id text,
  replaces_task_id text collate "C" unique references task,
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  foreign key (supervisor_id, group_id, generation) references task_group
);
create unique index task_running on task (supervisor_id, group_id, generation, replica) where state = 'RUNNING';
create index task_by_generation on task (supervisor_id, group_id, generation);

create table task_lease (
  task_id text collate "C" primary key references task,
  epoch bigint not null default 0,
  -- Random: after a restore of the database a zombie with the same epoch still does not match (protocol.md 7).
  token uuid not null default gen_random_uuid(),
  activity_run text,
  attempt integer,
  acquired_at timestamptz
);

create table task_progress (
  task_id text collate "C" primary key references task,
  epoch bigint not null,
  positions jsonb not null,
  counters jsonb not null,
  rates jsonb not null,
  updated_at timestamptz not null default clock_timestamp()
);

create table control (
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  request_no bigint not null default 0,
  state text not null default 'run' check (state in ('run', 'pause')),
  -- The ordinal a pending pause is to end.
  ordinal integer,
  lease_until timestamptz,
  primary key (supervisor_id, group_id, generation),
  foreign key (supervisor_id, group_id, generation) references task_group
);

create table control_answer (
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  request_no bigint not null,
  task_id text collate "C" not null,
  positions jsonb not null,
  answered_at timestamptz not null default clock_timestamp(),
  primary key (supervisor_id, group_id, generation, request_no, task_id)
);

create table upload_intent (
  path text collate "C" primary key,
  task_id text collate "C" not null,
  epoch bigint not null,
  kind text not null check (kind in ('publish', 'checkpoint')),
  state text not null default 'pending' check (state in ('pending', 'published', 'reaped')),
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);
-- The reaper looks at what is pending; published and reaped rows are history.
create index upload_intent_pending on upload_intent (updated_at) where state = 'pending';

create table checkpoint (
  checkpoint_id uuid primary key,
  -- Rises with insertion, under the supervisor lock: the highest of a sequence and replica is the newest.
  number bigint generated always as identity unique,
  task_id text collate "C" not null references task,
  epoch bigint not null,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  replica integer not null,
  created_at timestamptz not null default clock_timestamp()
);
create index checkpoint_by_replica on checkpoint (supervisor_id, group_id, generation, replica, number);

create table checkpoint_sequence (
  checkpoint_id uuid not null references checkpoint on delete cascade,
  sequence_id text collate "C" not null references sequence,
  replica integer not null,
  number bigint not null,
  positions jsonb not null,
  counters jsonb not null,
  -- All files of the sequence so far: path, size, sha256, rows.
  files jsonb not null,
  primary key (checkpoint_id, sequence_id)
);
create index checkpoint_sequence_newest on checkpoint_sequence (sequence_id, replica, number);

-- I6: a lease is taken over, never given back.
create function headgate_lease_never_falls() returns trigger
language plpgsql as $$
begin
  if new.epoch < old.epoch then
    perform headgate_violation(format('task %s: epoch %s to %s; it only rises', old.task_id, old.epoch, new.epoch));
  end if;
  return new;
end $$;
create trigger task_lease_never_falls before update on task_lease
  for each row execute function headgate_lease_never_falls();

-- open -> ended -> published, open or ended -> discarded; nothing comes back.
create function headgate_sequence_moves_forward() returns trigger
language plpgsql as $$
begin
  if old.state <> new.state and not (
       (old.state = 'open' and new.state in ('ended', 'discarded'))
    or (old.state = 'ended' and new.state in ('published', 'discarded'))) then
    perform headgate_violation(format('sequence %s: state %s to %s is no step', old.sequence_id, old.state, new.state));
  end if;
  if old.term <> new.term or (old.final and not new.final) then
    perform headgate_violation(format('sequence %s: its term and its being final are fixed', old.sequence_id));
  end if;
  return new;
end $$;
create trigger sequence_moves_forward before update on sequence
  for each row execute function headgate_sequence_moves_forward();

-- I18: ends are written once; starts, incarnations and the set of partitions never change.
create function headgate_ends_written_once() returns trigger
language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.end_position is not null or new.end_position is null
     or (new.sequence_id, new.stream, new.partition, new.start_position, new.incarnation, new.predecessor_id)
        is distinct from
        (old.sequence_id, old.stream, old.partition, old.start_position, old.incarnation, old.predecessor_id) then
    perform headgate_violation(format('sequence %s partition %s: only its end may change, once',
      old.sequence_id, old.partition));
  end if;
  return new;
end $$;
create trigger sequence_partition_ends_once before update or delete on sequence_partition
  for each row execute function headgate_ends_written_once();

create function headgate_notify_control(sup_id text, group_no integer, generation_no integer) returns void
language plpgsql as $$
begin
  perform pg_notify('headgate_control', sup_id || '/group-' || group_no || '/' || generation_no);
end $$;

create function headgate_sequence_json(wanted sequence) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'sequenceId', wanted.sequence_id, 'ordinal', wanted.ordinal, 'state', wanted.state, 'final', wanted.final,
    'starts', jsonb_object_agg(sp.partition, sp.start_position::text),
    'ends', case when bool_and(sp.end_position is not null)
      then jsonb_object_agg(sp.partition, sp.end_position::text) end,
    'incarnations', jsonb_object_agg(sp.partition, sp.incarnation::text),
    'windowMinMs', wanted.window_min_ms, 'windowMaxMs', wanted.window_max_ms,
    'createdAtMs', headgate_ms(wanted.created_at), 'endedAtMs', headgate_ms(wanted.ended_at),
    'publishedAtMs', headgate_ms(wanted.published_at), 'discardWhy', wanted.discard_why,
    'counters', wanted.counters,
    'predecessorIds', coalesce(jsonb_agg(distinct before.sequence_id)
      filter (where before.state in ('open', 'ended')), '[]'))
  from sequence_partition sp left join sequence before on before.sequence_id = sp.predecessor_id
  where sp.sequence_id = wanted.sequence_id
$$;

create function headgate_task_json(wanted task) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'taskId', wanted.task_id, 'replica', wanted.replica, 'state', wanted.state, 'error', wanted.error,
    'counted', wanted.counted, 'attempts', wanted.attempts, 'workerId', wanted.worker_id,
    'createdAtMs', headgate_ms(wanted.created_at), 'endedAtMs', headgate_ms(wanted.ended_at),
    'progress', (select jsonb_build_object('epoch', p.epoch::text, 'positions', p.positions, 'counters', p.counters,
        'rates', p.rates, 'atMs', headgate_ms(p.updated_at))
      from task_progress p where p.task_id = wanted.task_id))
$$;

create function headgate_generation_json(wanted task_group) returns jsonb
language sql stable as $$
  select jsonb_build_object(
    'key', jsonb_build_object('supervisorId', wanted.supervisor_id, 'groupId', wanted.group_id,
      'generation', wanted.generation),
    'term', wanted.term::text, 'specVersion', wanted.spec_version, 'stream', wanted.stream,
    'dataSource', wanted.data_source, 'baseSequenceName', wanted.base_sequence_name,
    'replicas', wanted.replicas, 'partitions', to_jsonb(wanted.partitions),
    'createdAtMs', headgate_ms(wanted.created_at),
    'sequences', (select jsonb_agg(headgate_sequence_json(s) order by s.ordinal) from sequence s
      where (s.supervisor_id, s.group_id, s.generation)
          = (wanted.supervisor_id, wanted.group_id, wanted.generation)),
    'tasks', (select jsonb_agg(headgate_task_json(t) order by t.replica, t.created_at, t.task_id) from task t
      where (t.supervisor_id, t.group_id, t.generation)
          = (wanted.supervisor_id, wanted.group_id, wanted.generation)),
    'control', (select jsonb_build_object('requestNo', c.request_no, 'state', c.state,
        'leaseUntilMs', headgate_ms(c.lease_until)) from control c
      where (c.supervisor_id, c.group_id, c.generation)
          = (wanted.supervisor_id, wanted.group_id, wanted.generation)))
$$;

-- One call creates a generation with its first sequence, tasks, leases and control row (protocol.md 3). Where it starts
-- is read here, under the supervisor lock, from the newest unpublished sequence of each partition, whichever group that
-- lies in; callers pass no positions.
create function headgate_create_generation(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  group_no integer := (input->>'groupId')::integer;
  expected integer := (input->>'expectedGeneration')::integer;
  stream_name text := input->>'stream';
  wanted_partitions text[];
  newest task_group;
  existing sequence;
  first_id text := input->>'sequenceId';
  plan jsonb;
  unpublished integer;
  found_list text;
  version_row supervisor_version;
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  if sup.halted is not null then
    return jsonb_build_object('kind', 'halted', 'halted', sup.halted);
  end if;
  select array_agg(p order by p collate "C") into wanted_partitions
    from jsonb_array_elements_text(input->'partitions') p;
  select * into newest from task_group
    where supervisor_id = sup.supervisor_id and group_id = group_no order by generation desc limit 1;

  if newest.generation = expected + 1 then
    select * into existing from sequence where supervisor_id = sup.supervisor_id and group_id = group_no
      and generation = newest.generation and ordinal = 0;
    if existing.state <> 'discarded' and newest.partitions = wanted_partitions and newest.stream = stream_name then
      return jsonb_build_object('kind', 'existing', 'generation', newest.generation,
        'sequenceId', existing.sequence_id, 'starts', headgate_sequence_json(existing)->'starts');
    end if;
  end if;
  -- guard: expectation
  if coalesce(newest.generation, 0) <> expected then
    return jsonb_build_object('kind', 'refused', 'reason', 'STALE_EXPECTATION',
      'newestGeneration', coalesce(newest.generation, 0), 'detail', format(
        'group %s of supervisor %s is at generation %s, expected %s', group_no, sup.supervisor_id,
        coalesce(newest.generation, 0), expected));
  end if;
  -- end guard

  -- guard: discarded-predecessor
  select string_agg(s.sequence_id, ', ' order by s.number) into found_list
    from sequence s join jsonb_array_elements_text(coalesce(input->'expectedPredecessors', '[]')) e on e = s.sequence_id
    where s.state = 'discarded';
  if found_list is not null then
    return jsonb_build_object('kind', 'refused', 'reason', 'PREDECESSOR_DISCARDED',
      'detail', format('to go on from %s is impossible: discarded; observe again', found_list));
  end if;
  -- end guard

  select jsonb_agg(jsonb_build_object('partition', p, 'incarnation', ps.incarnation,
      'seeded', ps.next_position is not null and ps.state = 'open',
      'start', coalesce(before.end_position, ps.next_position)::text,
      'predecessor', before.sequence_id, 'predecessorState', before.state) order by p)
    into plan
    from unnest(wanted_partitions) p
    left join partition_state ps
      on ps.supervisor_id = sup.supervisor_id and ps.stream = stream_name and ps.partition = p
    left join lateral (
      select s.sequence_id, s.state, sp.end_position
      from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
      where s.supervisor_id = sup.supervisor_id and s.state in ('open', 'ended')
        and sp.stream = stream_name and sp.partition = p
      order by s.number desc limit 1) before on true;
  -- guard: seeded
  select string_agg(item->>'partition', ', ') into found_list
    from jsonb_array_elements(plan) item where not (item->>'seeded')::boolean;
  if found_list is not null then
    return jsonb_build_object('kind', 'refused', 'reason', 'NOT_SEEDED', 'detail', format(
      'no start position is stored, or it is closed, for partitions %s of %s', found_list, stream_name));
  end if;
  -- end guard
  -- guard: still-reading
  select string_agg(distinct item->>'predecessor', ', ') into found_list
    from jsonb_array_elements(plan) item where item->>'predecessorState' = 'open';
  if found_list is not null then
    return jsonb_build_object('kind', 'refused', 'reason', 'STILL_READING', 'detail', format(
      '%s still reads some of these partitions; it must end first', found_list));
  end if;
  -- end guard
  -- guard: too-many-unpublished
  select count(distinct s.generation) into unpublished
    from sequence s where s.supervisor_id = sup.supervisor_id and s.group_id = group_no and s.state in ('open', 'ended');
  select greatest(unpublished, coalesce(max(deep.generations), 0)) into unpublished
    from (select count(distinct (s.group_id, s.generation)) as generations
      from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
      where s.supervisor_id = sup.supervisor_id and s.state in ('open', 'ended')
        and sp.stream = stream_name and sp.partition = any (wanted_partitions)
      group by sp.partition) deep;
  if unpublished >= 3 then
    return jsonb_build_object('kind', 'refused', 'reason', 'TOO_MANY_UNPUBLISHED', 'detail', format(
      'group %s of supervisor %s has %s generations waiting to publish, at most 3 may', group_no,
      sup.supervisor_id, unpublished));
  end if;
  -- end guard
  select * into version_row from supervisor_version
    where supervisor_id = sup.supervisor_id and version = (input->>'specVersion')::integer;
  if version_row.spec_text is null then
    perform headgate_violation(format('supervisor %s has no spec of version %s', sup.supervisor_id,
      input->>'specVersion'));
  end if;

  insert into task_group (supervisor_id, group_id, generation, term, spec_version, data_source, stream,
      base_sequence_name, replicas, partitions)
    values (sup.supervisor_id, group_no, expected + 1, sup.term, version_row.version, version_row.data_source,
      stream_name, input->>'baseSequenceName', jsonb_array_length(input->'taskIds'), wanted_partitions);
  insert into control (supervisor_id, group_id, generation) values (sup.supervisor_id, group_no, expected + 1);
  insert into sequence (sequence_id, supervisor_id, group_id, generation, ordinal, term, spec_version,
      window_min_ms, window_max_ms)
    values (first_id, sup.supervisor_id, group_no, expected + 1, 0, sup.term, version_row.version,
      (input->>'windowMinMs')::bigint, (input->>'windowMaxMs')::bigint);
  insert into sequence_partition (sequence_id, stream, partition, start_position, incarnation, predecessor_id)
    select first_id, stream_name, item->>'partition', (item->>'start')::headgate_position,
      (item->>'incarnation')::bigint, item->>'predecessor'
    from jsonb_array_elements(plan) item;
  insert into task (task_id, supervisor_id, group_id, generation, replica)
    select task_id, sup.supervisor_id, group_no, expected + 1, place - 1
    from jsonb_array_elements_text(input->'taskIds') with ordinality as tasks (task_id, place);
  insert into task_lease (task_id) select jsonb_array_elements_text(input->'taskIds');
  perform headgate_notify_supervisor(sup.supervisor_id);
  return jsonb_build_object('kind', 'created', 'generation', expected + 1, 'sequenceId', first_id,
    'starts', (select jsonb_object_agg(item->>'partition', item->>'start') from jsonb_array_elements(plan) item));
end $$;
