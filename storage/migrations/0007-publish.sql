-- breaks older code: yes
-- The commit: positions, ranges and segments in one transaction, behind every fence (protocol.md 3.4).

create table publish (
  publish_id uuid primary key,
  -- A sequence is published once, whoever asks (I17).
  sequence_id text collate "C" not null unique references sequence,
  supervisor_id text collate "C" not null references supervisor,
  term bigint not null,
  task_id text collate "C" not null references task,
  epoch bigint not null,
  commit_seq bigint not null,
  counters jsonb not null,
  published_at timestamptz not null default clock_timestamp(),
  unique (supervisor_id, commit_seq)
);

create table publish_range (
  publish_id uuid not null references publish,
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  start_position headgate_position not null,
  end_position headgate_position not null,
  primary key (publish_id, stream, partition),
  check (end_position >= start_position)
);
-- Serves the overlap check, which looks at the two neighbours only, however long the history. Empty ranges cover nothing.
create unique index publish_range_by_start on publish_range
  (supervisor_id, stream, partition, incarnation, start_position) where end_position > start_position;

create table time_chunk (
  data_source text collate "C" not null,
  start_at timestamptz not null,
  end_at timestamptz not null,
  version text not null,
  next_num integer not null default 0,
  primary key (data_source, start_at, end_at)
);

create table segment (
  segment_id text collate "C" primary key,
  publish_id uuid not null references publish,
  supervisor_id text collate "C" not null,
  data_source text collate "C" not null,
  start_at timestamptz not null,
  end_at timestamptz not null,
  version text not null,
  partition_num integer not null,
  path text collate "C" not null unique,
  sha256 text not null,
  size bigint not null,
  rows bigint not null,
  columns jsonb not null,
  -- Visible = committed and used.
  used boolean not null default true,
  unused_at timestamptz,
  created_at timestamptz not null default clock_timestamp(),
  unique (data_source, start_at, end_at, version, partition_num)
);
create index publish_by_time on publish (published_at);
create index segment_by_publish on segment (publish_id);
create index segment_unused on segment (unused_at) where not used;

create trigger publish_append_only before update or delete on publish
  for each row execute function headgate_forbid_change();
create trigger publish_range_append_only before update or delete on publish_range
  for each row execute function headgate_forbid_change();
create trigger incarnation_stays before delete on incarnation
  for each row execute function headgate_forbid_change();

-- The backstop inside the database (protocol.md 2): no two ranges of one incarnation share a position. It holds alone,
-- with every guard of the commit gone and under concurrent transactions: it takes the supervisor lock itself, so the
-- second of two inserts looks only after the first has committed. Ranges that are disjoint so far can only be hit at
-- their neighbours.
create function headgate_ranges_disjoint() returns trigger
language plpgsql as $$
declare
  hit record;
begin
  perform 1 from supervisor where supervisor_id in (select supervisor_id from added)
    order by supervisor_id for no key update;
  select a.supervisor_id, a.stream, a.partition, a.start_position, a.end_position, other.start_position as other_start,
      other.end_position as other_end
    into hit
    from added a cross join lateral (
      (select r.start_position, r.end_position from publish_range r
        where (r.supervisor_id, r.stream, r.partition, r.incarnation)
            = (a.supervisor_id, a.stream, a.partition, a.incarnation)
          and r.end_position > r.start_position and r.start_position < a.start_position
        order by r.start_position desc limit 1)
      union all
      (select r.start_position, r.end_position from publish_range r
        where (r.supervisor_id, r.stream, r.partition, r.incarnation)
            = (a.supervisor_id, a.stream, a.partition, a.incarnation)
          and r.end_position > r.start_position and r.start_position > a.start_position
        order by r.start_position limit 1)) other
    where a.end_position > a.start_position
      and other.start_position < a.end_position and other.end_position > a.start_position
    limit 1;
  if found then
    perform headgate_violation(format('publish of supervisor %s, %s partition %s: [%s, %s) overlaps [%s, %s)',
      hit.supervisor_id, hit.stream, hit.partition, hit.start_position, hit.end_position, hit.other_start,
      hit.other_end));
  end if;
  return null;
end $$;
create trigger publish_range_disjoint after insert on publish_range
  referencing new table as added for each statement execute function headgate_ranges_disjoint();

-- I2, I3: a stored position is the end of the newest range of its incarnation, or the seeded start; an incarnation only
-- rises. So a position cannot move without a publish, a seed or a reset, whoever writes the row.
create function headgate_position_has_reason() returns trigger
language plpgsql as $$
declare
  reason headgate_position;
begin
  if tg_op = 'UPDATE' and (new.incarnation < old.incarnation
      or (new.incarnation = old.incarnation and old.next_position is not null and new.next_position is null)) then
    perform headgate_violation(format('supervisor %s, %s partition %s: incarnation %s to %s, position %s to %s',
      new.supervisor_id, new.stream, new.partition, old.incarnation, new.incarnation, old.next_position,
      coalesce(new.next_position::text, 'none')));
  end if;
  if new.next_position is null then
    return null;
  end if;
  select r.end_position into reason from publish_range r
    where (r.supervisor_id, r.stream, r.partition, r.incarnation)
        = (new.supervisor_id, new.stream, new.partition, new.incarnation) and r.end_position > r.start_position
    order by r.start_position desc limit 1;
  if not found then
    select i.seeded_start into reason from incarnation i
      where (i.supervisor_id, i.stream, i.partition, i.incarnation)
          = (new.supervisor_id, new.stream, new.partition, new.incarnation);
  end if;
  if reason is distinct from new.next_position then
    perform headgate_violation(format('supervisor %s, %s partition %s: position %s, published or seeded is %s',
      new.supervisor_id, new.stream, new.partition, new.next_position, coalesce(reason::text, 'nothing')));
  end if;
  return null;
end $$;
create trigger partition_state_has_reason after insert or update on partition_state
  for each row execute function headgate_position_has_reason();

-- The start of an incarnation is written once; what it stood at when it ended too.
create function headgate_incarnation_written_once() returns trigger
language plpgsql as $$
begin
  if (old.seeded_start is not null and new.seeded_start is distinct from old.seeded_start)
     or (old.closed_position is not null and new.closed_position is distinct from old.closed_position) then
    perform headgate_violation(format('incarnation %s of supervisor %s, %s partition %s is written once',
      old.incarnation, old.supervisor_id, old.stream, old.partition));
  end if;
  return new;
end $$;
create trigger incarnation_written_once before update on incarnation
  for each row execute function headgate_incarnation_written_once();

create function headgate_iso(instant timestamptz) returns text
language sql immutable as $$ select to_char(instant at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') $$;

create function headgate_instant(ms bigint) returns timestamptz
language sql immutable as $$ select to_timestamp(ms::double precision / 1000) $$;

-- Inserts the segments of a publish with Druid's ids: a version set once per time chunk and dense numbers, both taken
-- here, inside the commit. Chunks are locked in their order.
create function headgate_insert_segments(seq sequence, source text, publish uuid, segments jsonb) returns void
language sql volatile as $$
  with item as (
    select headgate_instant((file->>'startMs')::bigint) as start_at, headgate_instant((file->>'endMs')::bigint) as end_at,
      row_number() over (partition by file->'startMs', file->'endMs' order by (file->>'path') collate "C") as place,
      count(*) over (partition by file->'startMs', file->'endMs') as files, file
    from jsonb_array_elements(segments) file),
  taken as (
    insert into time_chunk (data_source, start_at, end_at, version, next_num)
      select source, start_at, end_at, headgate_iso(clock_timestamp()), max(files)
      from item group by start_at, end_at order by start_at, end_at
      on conflict (data_source, start_at, end_at) do update set next_num = time_chunk.next_num + excluded.next_num
      returning *)
  insert into segment (segment_id, publish_id, supervisor_id, data_source, start_at, end_at, version, partition_num,
      path, sha256, size, rows, columns)
    select format('%s_%s_%s_%s_%s', source, headgate_iso(taken.start_at), headgate_iso(taken.end_at), taken.version,
        taken.next_num - files + place - 1),
      publish, seq.supervisor_id, source, taken.start_at, taken.end_at, taken.version,
      taken.next_num - files + place - 1, file->>'path', file->>'sha256', (file->>'size')::bigint,
      (file->>'rows')::bigint, file->'columns'
    from item join taken on taken.start_at = item.start_at and taken.end_at = item.end_at
    order by taken.start_at, place
$$;

-- Compares the ranges with where the partitions stand, which stay locked: null, AHEAD or STALE.
create function headgate_compare_positions(seq sequence, ranges jsonb) returns jsonb
language plpgsql as $$
declare
  compared record;
  ahead jsonb;
begin
  perform 1 from partition_state ps join sequence_partition sp on sp.stream = ps.stream and sp.partition = ps.partition
    where ps.supervisor_id = seq.supervisor_id and sp.sequence_id = seq.sequence_id
    order by ps.stream, ps.partition for no key update of ps;
  for compared in
    select range->>'partition' as partition, (range->>'start')::numeric as start_position,
      (range->>'incarnation')::bigint as incarnation, ps.next_position, ps.incarnation as stored_incarnation,
      sp.start_position as sequence_start, before.state as predecessor_state
    from jsonb_array_elements(ranges) range
    left join sequence_partition sp on sp.sequence_id = seq.sequence_id and sp.partition = range->>'partition'
    left join sequence before on before.sequence_id = sp.predecessor_id
    left join partition_state ps
      on ps.supervisor_id = seq.supervisor_id and ps.stream = sp.stream and ps.partition = sp.partition
  loop
    -- guard: incarnation
    if compared.stored_incarnation is distinct from compared.incarnation then
      return jsonb_build_object('kind', 'stale', 'detail', format('partition %s: incarnation %s, stored is %s',
        compared.partition, compared.incarnation, compared.stored_incarnation));
    end if;
    -- end guard
    -- guard: position-stale
    if compared.next_position is null or compared.next_position > compared.start_position
       or compared.start_position is distinct from compared.sequence_start then
      return jsonb_build_object('kind', 'stale', 'detail', format('partition %s: starts at %s, stored is %s',
        compared.partition, compared.start_position, coalesce(compared.next_position::text, 'nothing')));
    end if;
    -- end guard
    -- A predecessor that read nothing in this partition leaves the position where it is: the position alone would let its
    -- successor overtake it, and then it could never be published.
    -- guard: predecessor
    if compared.predecessor_state in ('open', 'ended') then
      ahead := jsonb_build_object('kind', 'ahead', 'partition', compared.partition);
    end if;
    -- end guard
    -- guard: position-ahead
    if compared.next_position < compared.start_position then
      ahead := jsonb_build_object('kind', 'ahead', 'partition', compared.partition);
    end if;
    -- end guard
  end loop;
  return ahead;
end $$;

create function headgate_commit(input jsonb) returns jsonb
language plpgsql as $$
declare
  lease jsonb := input->'lease';
  new_publish uuid := (input->>'publishId')::uuid;
  seq sequence;
  sup supervisor;
  grp task_group;
  owner task;
  done publish;
  stopped jsonb;
  compared jsonb;
  paths text[];
begin
  select * into seq from sequence where sequence_id = input->>'sequenceId';
  if seq.sequence_id is null then
    -- A sequence that somebody holds and Postgres does not know: it went back in time (protocol.md 7).
    perform headgate_halt(jsonb_build_object('supervisorId', input->'seen'->>'supervisorId',
      'code', 'METADATA_TIME_TRAVEL', 'why', format('sequence %s is unknown to Postgres', input->>'sequenceId')));
    return jsonb_build_object('kind', 'unknown');
  end if;
  sup := headgate_lock_supervisor(seq.supervisor_id);
  select * into seq from sequence where sequence_id = seq.sequence_id;

  -- guard: already
  select * into done from publish where sequence_id = seq.sequence_id;
  if done.publish_id is not null then
    return jsonb_build_object('kind', 'already', 'publishId', done.publish_id);
  end if;
  -- end guard
  -- guard: discarded
  if seq.state = 'discarded' then
    return jsonb_build_object('kind', 'discarded', 'why', seq.discard_why);
  end if;
  -- end guard
  stopped := headgate_check_time(sup, coalesce(input->'seen', '{}'));
  if stopped is not null then
    return stopped;
  end if;
  -- guard: term
  if seq.term <> sup.term then
    return jsonb_build_object('kind', 'fenced', 'by', 'term');
  end if;
  -- end guard
  -- guard: lease
  if not headgate_holds_lease(lease) then
    return jsonb_build_object('kind', 'fenced', 'by', 'lease');
  end if;
  -- end guard
  select * into owner from task where task_id = lease->>'taskId';
  -- guard: lease-generation
  if (owner.supervisor_id, owner.group_id, owner.generation)
     is distinct from (seq.supervisor_id, seq.group_id, seq.generation) then
    return jsonb_build_object('kind', 'fenced', 'by', 'lease');
  end if;
  -- end guard
  -- guard: ends
  if seq.state <> 'ended'
     or jsonb_array_length(input->'ranges')
        <> (select count(*) from sequence_partition sp where sp.sequence_id = seq.sequence_id)
     or exists (select 1 from sequence_partition sp where sp.sequence_id = seq.sequence_id and not exists (
        select 1 from jsonb_array_elements(input->'ranges') range
        where range->>'partition' = sp.partition and (range->>'end')::numeric = sp.end_position)) then
    return jsonb_build_object('kind', 'overread', 'ends',
      coalesce(nullif(headgate_sequence_json(seq)->'ends', 'null'), '{}'));
  end if;
  -- end guard
  compared := headgate_compare_positions(seq, input->'ranges');
  if compared is not null then
    return compared;
  end if;
  select coalesce(array_agg(item->>'path'), '{}') into paths from jsonb_array_elements(input->'segments') item;
  -- guard: intents
  if headgate_lock_pending(paths, owner.task_id, (lease->>'epoch')::bigint, 'publish') <> cardinality(paths) then
    return jsonb_build_object('kind', 'reaped');
  end if;
  -- end guard
  update upload_intent set state = 'published', updated_at = clock_timestamp()
    where path = any (paths) and state = 'pending';

  select * into grp from task_group where (supervisor_id, group_id, generation)
    = (seq.supervisor_id, seq.group_id, seq.generation);
  insert into publish (publish_id, sequence_id, supervisor_id, term, task_id, epoch, commit_seq, counters)
    values (new_publish, seq.sequence_id, seq.supervisor_id, sup.term, owner.task_id, (lease->>'epoch')::bigint,
      sup.commit_seq + 1, input->'counters');
  insert into publish_range (publish_id, supervisor_id, stream, partition, incarnation, start_position, end_position)
    select new_publish, seq.supervisor_id, grp.stream, range->>'partition', (range->>'incarnation')::bigint,
      (range->>'start')::headgate_position, (range->>'end')::headgate_position
    from jsonb_array_elements(input->'ranges') range;
  perform headgate_insert_segments(seq, grp.data_source, new_publish, input->'segments');
  update partition_state ps set next_position = (range->>'end')::headgate_position
    from jsonb_array_elements(input->'ranges') range
    where ps.supervisor_id = seq.supervisor_id and ps.stream = grp.stream and ps.partition = range->>'partition';
  update sequence set state = 'published', published_at = clock_timestamp(), counters = input->'counters'
    where sequence_id = seq.sequence_id;
  update supervisor set commit_seq = commit_seq + 1 where supervisor_id = sup.supervisor_id;
  perform headgate_notify_supervisor(sup.supervisor_id);
  perform headgate_notify_control(seq.supervisor_id, seq.group_id, seq.generation);
  return jsonb_build_object('kind', 'committed', 'commitSeq', (sup.commit_seq + 1)::text);
end $$;
