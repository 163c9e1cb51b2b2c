-- breaks older code: no
-- Resets, complete: what they skip, read again and throw away is computed inside the call that does it, so a rehearsal
-- (the same call, undone) tells exactly what the order will do. A target is {partition, position or null, and
--   sourceIdentity  the stream it belongs to from now on, when that is not the stored one,
--   expected        {incarnation, position}: only if the partition still stands there,
--   noEarlier       not below where the partition stands: an end of the log that was looked up a moment ago must not
--                   move a position back that was published meanwhile,
--   isNew           no position was ever stored: this is its first,
--   gone            the stream has no such partition any more: it waits, unread, until there is one again}.

-- As before, but a gap that is declared already is not declared twice: a partition that was gone may come back.
create or replace function headgate_note_jump(sup_id text, stream_name text, part text, new_incarnation bigint,
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
    perform headgate_declare_gap(before, null, reason, actor);
    return jsonb_build_object('partition', part, 'kind', 'otherSource', 'from', before.closed_position::text);
  end if;
  if before.closed_position < new_start then
    perform headgate_declare_gap(before, new_start, reason, actor);
    return jsonb_build_object('partition', part, 'kind', 'skipped', 'from', before.closed_position::text,
      'to', new_start::text);
  end if;
  if before.closed_position > new_start then
    return jsonb_build_object('partition', part, 'kind', 'readAgain', 'from', new_start::text,
      'to', before.closed_position::text);
  end if;
  return null;
end $$;

-- From where an incarnation was closed; no end: to the end of what no longer exists.
create function headgate_declare_gap(closed incarnation, gap_end headgate_position, reason text, actor text) returns void
language sql volatile as $$
  insert into gap (supervisor_id, stream, partition, incarnation, start_position, end_position, why, who)
  select closed.supervisor_id, closed.stream, closed.partition, closed.incarnation, closed.closed_position, gap_end,
    reason, actor
  where not exists (select 1 from gap g
    where (g.supervisor_id, g.stream, g.partition, g.incarnation, g.start_position)
        = (closed.supervisor_id, closed.stream, closed.partition, closed.incarnation, closed.closed_position)
      and g.end_position is not distinct from gap_end)
$$;

-- Closes the current incarnation of each partition where it stands and opens the next one.
create function headgate_move_positions(sup_id text, targets jsonb, reason text, actor text) returns jsonb
language plpgsql as $$
declare
  target record;
  current partition_state;
  closed incarnation;
  jump jsonb;
  jumps jsonb := '[]';
begin
  for target in
    select item->>'stream' as stream, item->>'partition' as partition, item->>'sourceIdentity' as identity,
      (item->>'position')::headgate_position as position, coalesce((item->>'gone')::boolean, false) as gone
    from jsonb_array_elements(targets) item
    order by (item->>'stream') collate "C", (item->>'partition') collate "C"
  loop
    insert into partition_state (supervisor_id, stream, partition, source_identity, incarnation)
      values (sup_id, target.stream, target.partition, target.identity, 0) on conflict do nothing;
    select * into current from partition_state
      where supervisor_id = sup_id and stream = target.stream and partition = target.partition for no key update;
    update incarnation set closed_position = current.next_position
      where supervisor_id = sup_id and stream = target.stream and partition = target.partition
        and incarnation = current.incarnation and current.next_position is not null
      returning * into closed;
    insert into incarnation (supervisor_id, stream, partition, incarnation, source_identity, seeded_start, why)
      values (sup_id, target.stream, target.partition, current.incarnation + 1, target.identity, target.position, reason);
    update partition_state set incarnation = current.incarnation + 1, next_position = target.position,
        source_identity = target.identity, state = 'open'
      where supervisor_id = sup_id and stream = target.stream and partition = target.partition;
    jump := null;
    if target.position is not null then
      jump := headgate_note_jump(sup_id, target.stream, target.partition, current.incarnation + 1, target.position,
        target.identity, reason, actor);
    elsif target.gone and closed.incarnation is not null then
      perform headgate_declare_gap(closed, null, reason, actor);
      jump := jsonb_build_object('partition', target.partition, 'kind', 'otherSource',
        'from', closed.closed_position::text);
    end if;
    if jump is not null then
      jumps := jumps || (jump || jsonb_build_object('stream', target.stream));
    end if;
  end loop;
  return jumps;
end $$;

-- The targets with what is stored filled in: the identity they keep, the position they are not to fall below.
create function headgate_settle_targets(sup_id text, targets jsonb, new_identity text) returns jsonb
language sql volatile as $$
  select coalesce(jsonb_agg(item || jsonb_build_object(
      'sourceIdentity', coalesce(item->>'sourceIdentity', new_identity, ps.source_identity),
      'position', greatest((item->>'position')::numeric
        -- guard: no-earlier
        , case when (item->>'noEarlier')::boolean
            and coalesce(item->>'sourceIdentity', new_identity, ps.source_identity) = ps.source_identity
          then ps.next_position::numeric end
        -- end guard
        )::text)
    order by (item->>'stream') collate "C", length(item->>'partition'), (item->>'partition') collate "C"), '[]')
  from jsonb_array_elements(targets) item
  left join partition_state ps on ps.supervisor_id = sup_id
    and ps.stream = item->>'stream' and ps.partition = item->>'partition'
$$;

-- Targets that no longer stand where the caller saw them, for people; null: all do.
create function headgate_moved_targets(sup_id text, targets jsonb) returns text
language sql volatile as $$
  select string_agg(format('%s partition %s is at %s (incarnation %s)', item->>'stream', item->>'partition',
      coalesce(ps.next_position::text, 'no position'), coalesce(ps.incarnation::text, 'none')), ', ')
  from jsonb_array_elements(targets) item
  left join partition_state ps on ps.supervisor_id = sup_id
    and ps.stream = item->>'stream' and ps.partition = item->>'partition'
  where (item->>'isNew')::boolean and ps.partition is not null
    or jsonb_typeof(item->'expected') = 'object' and (ps.incarnation is distinct from (item->'expected'->>'incarnation')::bigint
      or ps.next_position is distinct from (item->'expected'->>'position')::numeric)
$$;

-- What is published from one position to another, as ranges that do not touch.
create function headgate_published_between(sup_id text, stream_name text, part text, from_position numeric,
  to_position numeric, identity text)
returns jsonb
language sql volatile as $$
  with range as (
    select greatest(r.start_position::numeric, from_position) as range_start,
      least(r.end_position::numeric, to_position) as range_end
    from publish_range r join incarnation i using (supervisor_id, stream, partition, incarnation)
    where (r.supervisor_id, r.stream, r.partition) = (sup_id, stream_name, part)
      and i.source_identity = identity and r.end_position > r.start_position and r.end_position > from_position
      and r.start_position < to_position),
  marked as (
    select range_start, range_end, range_start > max(range_end) over (order by range_start, range_end
      rows between unbounded preceding and 1 preceding) as is_apart
    from range),
  numbered as (
    select range_start, range_end, count(*) filter (where is_apart) over (order by range_start, range_end) as island
    from marked)
  select coalesce(jsonb_agg(jsonb_build_object('stream', stream_name, 'partition', part,
      'from', island_start::text, 'to', island_end::text) order by island_start), '[]')
  from (select min(range_start) as island_start, max(range_end) as island_end from numbered group by island) merged
$$;

-- It will be in the data once more than was to be expected before. What lies at or beyond the present position is to be
-- read anyway: if it is published already, the order that moved the position back has said so. Without a position
-- nobody has.
create function headgate_published_again(sup_id text, targets jsonb) returns jsonb
language sql volatile as $$
  select coalesce(jsonb_agg(again order by place, again_place), '[]')
  from jsonb_array_elements(targets) with ordinality as wanted (item, place)
  left join partition_state ps on ps.supervisor_id = sup_id
    and ps.stream = item->>'stream' and ps.partition = item->>'partition'
    and ps.source_identity = item->>'sourceIdentity'
  cross join lateral jsonb_array_elements(headgate_published_between(sup_id, item->>'stream', item->>'partition',
    (item->>'position')::numeric, coalesce(ps.next_position::numeric, 'Infinity'), item->>'sourceIdentity'))
    with ordinality as found (again, again_place)
  where item->>'position' is not null
$$;

-- What sequences that are to be discarded have read, as far as it is known: nobody sees it in the data twice.
create function headgate_unpublished_reads(doomed text[]) returns jsonb
language sql volatile as $$
  with reading as (
    select sp.stream, sp.partition, sp.start_position::numeric as range_start,
      coalesce(sp.end_position::numeric, (
        select max((p.positions->>sp.partition)::numeric) from task t join task_progress p using (task_id)
        where (t.supervisor_id, t.group_id, t.generation) = (s.supervisor_id, s.group_id, s.generation)
          and t.state = 'RUNNING'), sp.start_position) as range_end
    from sequence s join sequence_partition sp using (sequence_id)
    where s.sequence_id = any (doomed) and s.state in ('open', 'ended'))
  select coalesce(jsonb_agg(jsonb_build_object('stream', stream, 'partition', partition, 'from', first::text,
      'to', furthest::text) order by stream collate "C", length(partition), partition collate "C"), '[]')
  from (select stream, partition, min(range_start) as first, max(range_end) as furthest
    from reading group by stream, partition) joined
  where furthest > first
$$;

-- `note` of the order is part of its answer: what else was done in the same transaction.
create or replace function headgate_remember_reset(input jsonb, sup_id text, reset_kind text, answer jsonb) returns jsonb
language plpgsql as $$
declare
  noted jsonb := answer || jsonb_build_object('note', coalesce(input->'note', 'null'::jsonb));
begin
  insert into reset (reset_id, supervisor_id, kind, why, who, answer)
    values (input->>'resetId', sup_id, reset_kind, input->>'why', input->>'by', noted);
  perform headgate_notify_supervisor(sup_id);
  return noted;
end $$;

create function headgate_reposition_targets(input jsonb, sup_id text, targets jsonb, doomed text[]) returns jsonb
language plpgsql as $$
declare
  settled jsonb := headgate_settle_targets(sup_id, targets, input->>'sourceIdentity');
  unpublished jsonb := headgate_unpublished_reads(doomed);
  again jsonb := headgate_published_again(sup_id, settled);
  dropped jsonb;
  jumps jsonb;
begin
  dropped := headgate_discard_all(sup_id, doomed, 'reset');
  jumps := headgate_move_positions(sup_id, settled, input->>'why', input->>'by');
  return jsonb_build_object('kind', 'reset', 'sequenceIds', dropped->'sequenceIds', 'jumps', jumps,
    'readAgain', again, 'unpublished', unpublished,
    'positions', (select coalesce(jsonb_agg(jsonb_build_object('stream', item->>'stream',
        'partition', item->>'partition', 'position', item->>'position') order by place), '[]')
      from jsonb_array_elements(settled) with ordinality as settled_items (item, place)));
end $$;

-- Everything from the beginning: a new term, new incarnations, nothing unpublished survives. A partition that is not
-- given waits for its seed.
create or replace function headgate_full_reset(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  given jsonb := coalesce(nullif(input->'positions', 'null'), '[]');
  missing text;
  targets jsonb;
  answer jsonb;
begin
  -- guard: reset-once
  select r.answer into remembered from reset r where r.reset_id = input->>'resetId';
  if remembered is not null then
    return remembered;
  end if;
  -- end guard
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  missing := headgate_unknown_partitions(sup.supervisor_id, given);
  if missing is not null then
    return jsonb_build_object('kind', 'refused', 'detail', format('no position is stored for %s', missing));
  end if;
  select coalesce(jsonb_agg(jsonb_build_object('stream', ps.stream, 'partition', ps.partition, 'position', null)
      || coalesce(item, '{}')), '[]') into targets
    from partition_state ps left join jsonb_array_elements(given) item
      on item->>'stream' = ps.stream and item->>'partition' = ps.partition
    where ps.supervisor_id = sup.supervisor_id;
  update supervisor set term = term + 1 where supervisor_id = sup.supervisor_id;
  answer := headgate_reposition_targets(input, sup.supervisor_id, targets, headgate_live_sequences(sup.supervisor_id));
  return headgate_remember_reset(input, sup.supervisor_id, 'full',
    answer || jsonb_build_object('term', (sup.term + 1)::text));
end $$;

-- Some partitions of one stream: their incarnations rise, the sequences that hold them go; all other groups read on.
create or replace function headgate_partial_reset(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  targets jsonb;
  missing text;
  moved text;
  holders text[];
  answer jsonb;
begin
  -- guard: reset-once
  select r.answer into remembered from reset r where r.reset_id = input->>'resetId';
  if remembered is not null then
    return remembered;
  end if;
  -- end guard
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  select jsonb_agg(item || jsonb_build_object('stream', input->>'stream')) into targets
    from jsonb_array_elements(input->'positions') item;
  -- guard: reset-expected
  moved := headgate_moved_targets(sup.supervisor_id, targets);
  if moved is not null then
    return jsonb_build_object('kind', 'moved', 'detail', moved);
  end if;
  -- end guard
  missing := headgate_unknown_partitions(sup.supervisor_id, (select jsonb_agg(item)
    from jsonb_array_elements(targets) item where not coalesce((item->>'isNew')::boolean, false)));
  if missing is not null then
    return jsonb_build_object('kind', 'refused', 'detail', format('no position is stored for %s', missing));
  end if;
  -- guard: reset-discards
  select array_agg(distinct s.sequence_id) into holders
    from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
    join jsonb_array_elements(targets) item on item->>'stream' = sp.stream and item->>'partition' = sp.partition
    where s.supervisor_id = sup.supervisor_id and s.state in ('open', 'ended');
  -- end guard
  answer := headgate_reposition_targets(input, sup.supervisor_id, targets,
    headgate_with_successors(coalesce(holders, '{}')));
  return headgate_remember_reset(input, sup.supervisor_id, 'partial',
    answer || jsonb_build_object('term', sup.term::text));
end $$;

drop function headgate_reposition_all(text, jsonb, text, text, text);
drop function headgate_reposition(text, text, text, headgate_position, text, text, text);

-- To the end of the log, and a supervisor of its own for what that skips, in one transaction: there is no moment at which
-- the range is nobody's, or everybody's. Only from the positions the backfill's spec was written for.
create function headgate_reset_and_backfill(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  answer jsonb;
  stored jsonb;
begin
  -- guard: reset-once
  select r.answer into remembered from reset r where r.reset_id = input->>'resetId';
  if remembered is not null then
    return remembered;
  end if;
  -- end guard
  answer := headgate_partial_reset(input || jsonb_build_object('note',
    jsonb_build_object('backfillSupervisorId', input->'backfill'->>'supervisorId')));
  if answer->>'kind' <> 'reset' then
    return answer;
  end if;
  stored := headgate_store_version(input->'backfill' || jsonb_build_object('expectedVersion', 0));
  if stored->>'kind' = 'overtaken' then
    perform headgate_violation(format('supervisor %s exists already; its id was to be new',
      input->'backfill'->>'supervisorId'));
  end if;
  return answer;
end $$;

-- The same call, undone: what the order would do now. Nothing is changed, nobody is told.
create function headgate_rehearse_reset(input jsonb) returns jsonb
language plpgsql as $$
declare
  answer jsonb;
begin
  begin
    answer := case input->>'of'
      when 'full' then headgate_full_reset(input->'order')
      when 'partial' then headgate_partial_reset(input->'order')
      when 'backfill' then headgate_reset_and_backfill(input->'order') end;
    raise exception 'rehearsed' using errcode = 'HG003';
  exception when sqlstate 'HG003' then
    return answer;
  end;
end $$;
