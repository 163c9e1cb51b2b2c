-- breaks older code: yes
-- Where each partition stands (protocol.md 1 and 2). A position changes only with a publish, a seed or a reset.

create table partition_state (
  supervisor_id text collate "C" not null references supervisor,
  stream text collate "C" not null,
  partition text collate "C" not null,
  source_identity text not null,
  incarnation bigint not null default 1,
  -- Null until seeded.
  next_position headgate_position,
  state text not null default 'open' check (state in ('open', 'closed', 'expired')),
  primary key (supervisor_id, stream, partition)
);

-- Where contiguity begins; a reset closes one and opens the next. Positions of two incarnations are never compared
-- as ranges, so an offset that comes back after a reset or a re-creation cannot be taken for the old one.
create table incarnation (
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  source_identity text not null,
  -- Null until seeded, then written once.
  seeded_start headgate_position,
  -- Where the incarnation stood when a reset ended it; null while it is the current one, or if it was never seeded.
  closed_position headgate_position,
  why text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (supervisor_id, stream, partition, incarnation)
);

-- Every range skipped unread. An end of null: to the end of a stream that no longer exists.
create table gap (
  gap_id bigint generated always as identity primary key,
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  start_position headgate_position not null,
  end_position headgate_position,
  why text not null,
  who text not null,
  created_at timestamptz not null default clock_timestamp()
);
create index gap_by_partition on gap (supervisor_id, stream, partition);
create trigger gap_append_only before update or delete on gap
  for each row execute function headgate_forbid_change();

create table stream_position (
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  earliest_position headgate_position,
  latest_position headgate_position,
  current_position headgate_position,
  updated_at timestamptz not null default clock_timestamp(),
  primary key (supervisor_id, stream, partition)
);

-- A partition that follows a reset is compared with where the earlier incarnation stood: what lies between is a gap
-- when it is skipped, and announced when it is read again (I14).
create function headgate_note_jump(sup_id text, stream_name text, part text, new_incarnation bigint,
  new_start headgate_position, new_identity text, reason text, actor text) returns jsonb
language plpgsql as $$
declare
  before incarnation;
begin
  select * into before from incarnation i
    where i.supervisor_id = sup_id and i.stream = stream_name and i.partition = part
      and i.incarnation < new_incarnation and i.closed_position is not null
    order by i.incarnation desc limit 1;
  if before.incarnation is null then
    return null;
  end if;
  if before.source_identity <> new_identity then
    insert into gap (supervisor_id, stream, partition, incarnation, start_position, end_position, why, who)
      values (sup_id, stream_name, part, before.incarnation, before.closed_position, null, reason, actor);
    return jsonb_build_object('partition', part, 'kind', 'otherSource', 'from', before.closed_position::text);
  end if;
  if before.closed_position < new_start then
    insert into gap (supervisor_id, stream, partition, incarnation, start_position, end_position, why, who)
      values (sup_id, stream_name, part, before.incarnation, before.closed_position, new_start, reason, actor);
    return jsonb_build_object('partition', part, 'kind', 'skipped', 'from', before.closed_position::text,
      'to', new_start::text);
  end if;
  if before.closed_position > new_start then
    return jsonb_build_object('partition', part, 'kind', 'readAgain', 'from', new_start::text,
      'to', before.closed_position::text);
  end if;
  return null;
end $$;

-- Compare-and-set on NULL: a partition that has a position keeps it (V2: the first start must be a row before any read).
create function headgate_seed_partitions(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  stream_name text := input->>'stream';
  wanted record;
  current partition_state;
  seeded jsonb := '[]';
  jumps jsonb := '[]';
  jump jsonb;
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  for wanted in
    select item->>'partition' as partition, (item->>'position')::headgate_position as position
    from jsonb_array_elements(input->'positions') item order by (item->>'partition') collate "C"
  loop
    insert into partition_state (supervisor_id, stream, partition, source_identity)
      values (sup.supervisor_id, stream_name, wanted.partition, input->>'sourceIdentity') on conflict do nothing;
    insert into incarnation (supervisor_id, stream, partition, incarnation, source_identity, why)
      values (sup.supervisor_id, stream_name, wanted.partition, 1, input->>'sourceIdentity', input->>'why')
      on conflict do nothing;
    select * into current from partition_state
      where supervisor_id = sup.supervisor_id and stream = stream_name and partition = wanted.partition
      for no key update;
    -- guard: seed-once
    if current.next_position is not null then
      continue;
    end if;
    -- end guard
    update incarnation set seeded_start = wanted.position, source_identity = input->>'sourceIdentity'
      where supervisor_id = sup.supervisor_id and stream = stream_name and partition = wanted.partition
        and incarnation = current.incarnation;
    update partition_state
      set next_position = wanted.position, source_identity = input->>'sourceIdentity', state = 'open'
      where supervisor_id = sup.supervisor_id and stream = stream_name and partition = wanted.partition;
    jump := headgate_note_jump(sup.supervisor_id, stream_name, wanted.partition, current.incarnation,
      wanted.position, input->>'sourceIdentity', input->>'why', coalesce(input->>'by', 'headgate'));
    seeded := seeded || to_jsonb(wanted.partition);
    if jump is not null then
      jumps := jumps || jump;
    end if;
  end loop;
  if jsonb_array_length(seeded) > 0 then
    perform headgate_notify_supervisor(sup.supervisor_id);
  end if;
  return jsonb_build_object('kind', 'seeded', 'seeded', seeded, 'jumps', jumps);
end $$;
