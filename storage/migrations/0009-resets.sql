-- breaks older code: yes
-- Resets, the forced stop and the acceptance of a restore (protocol.md 5 and 7). What is skipped leaves a gap row, what
-- will be read again is in the answer. A retry with the same reset id gets the stored answer and changes nothing.

create table reset (
  reset_id text primary key,
  supervisor_id text collate "C" not null references supervisor,
  kind text not null,
  why text not null,
  who text not null,
  answer jsonb not null,
  created_at timestamptz not null default clock_timestamp()
);

-- Closes the current incarnation of a partition where it stands and opens the next one, seeded or waiting for a seed.
create function headgate_reposition(sup_id text, stream_name text, part text, new_position headgate_position,
  new_identity text, reason text, actor text) returns jsonb
language plpgsql as $$
declare
  current partition_state;
  identity text;
begin
  select * into current from partition_state
    where supervisor_id = sup_id and stream = stream_name and partition = part for no key update;
  identity := coalesce(new_identity, current.source_identity);
  update incarnation set closed_position = current.next_position
    where supervisor_id = sup_id and stream = stream_name and partition = part
      and incarnation = current.incarnation and current.next_position is not null;
  insert into incarnation (supervisor_id, stream, partition, incarnation, source_identity, seeded_start, why)
    values (sup_id, stream_name, part, current.incarnation + 1, identity, new_position, reason);
  update partition_state set incarnation = current.incarnation + 1, next_position = new_position,
      source_identity = identity, state = 'open'
    where supervisor_id = sup_id and stream = stream_name and partition = part;
  if new_position is null then
    return null;
  end if;
  return headgate_note_jump(sup_id, stream_name, part, current.incarnation + 1, new_position, identity, reason, actor);
end $$;

create function headgate_reposition_all(sup_id text, targets jsonb, new_identity text, reason text, actor text)
returns jsonb
language plpgsql as $$
declare
  target record;
  jump jsonb;
  jumps jsonb := '[]';
begin
  for target in
    select item->>'stream' as stream, item->>'partition' as partition,
      (item->>'position')::headgate_position as position
    from jsonb_array_elements(targets) item
    order by (item->>'stream') collate "C", (item->>'partition') collate "C"
  loop
    jump := headgate_reposition(sup_id, target.stream, target.partition, target.position, new_identity, reason, actor);
    if jump is not null then
      jumps := jumps || (jump || jsonb_build_object('stream', target.stream));
    end if;
  end loop;
  return jumps;
end $$;

create function headgate_unknown_partitions(sup_id text, targets jsonb) returns text
language sql volatile as $$
  select string_agg(format('%s partition %s', item->>'stream', item->>'partition'), ', ')
  from jsonb_array_elements(targets) item
  where not exists (select 1 from partition_state ps where ps.supervisor_id = sup_id
    and ps.stream = item->>'stream' and ps.partition = item->>'partition')
$$;

create function headgate_remember_reset(input jsonb, sup_id text, reset_kind text, answer jsonb) returns jsonb
language plpgsql as $$
begin
  insert into reset (reset_id, supervisor_id, kind, why, who, answer)
    values (input->>'resetId', sup_id, reset_kind, input->>'why', input->>'by', answer);
  perform headgate_notify_supervisor(sup_id);
  return answer;
end $$;

create function headgate_live_sequences(sup_id text) returns text[]
language sql volatile as $$
  select coalesce(array_agg(s.sequence_id order by s.number), '{}') from sequence s
  where s.supervisor_id = sup_id and s.state in ('open', 'ended')
$$;

-- Everything from the beginning: a new term, new incarnations, nothing unpublished survives.
create function headgate_full_reset(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  given jsonb := coalesce(nullif(input->'positions', 'null'), '[]');
  missing text;
  dropped jsonb;
  jumps jsonb;
begin
  -- guard: reset-once
  select answer into remembered from reset where reset_id = input->>'resetId';
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
  update supervisor set term = term + 1 where supervisor_id = sup.supervisor_id;
  dropped := headgate_discard_all(sup.supervisor_id, headgate_live_sequences(sup.supervisor_id), 'reset');
  jumps := headgate_reposition_all(sup.supervisor_id, (
    select coalesce(jsonb_agg(jsonb_build_object('stream', ps.stream, 'partition', ps.partition,
        'position', item->'position')), '[]')
    from partition_state ps left join jsonb_array_elements(given) item
      on item->>'stream' = ps.stream and item->>'partition' = ps.partition
    where ps.supervisor_id = sup.supervisor_id), input->>'sourceIdentity', input->>'why', input->>'by');
  return headgate_remember_reset(input, sup.supervisor_id, 'full', jsonb_build_object('kind', 'reset',
    'term', (sup.term + 1)::text, 'sequenceIds', dropped->'sequenceIds', 'jumps', jumps));
end $$;

-- Some partitions of one stream: their incarnations rise, the sequences that hold them go; all other groups read on.
create function headgate_partial_reset(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  targets jsonb;
  missing text;
  holders text[];
  dropped jsonb;
  jumps jsonb;
begin
  -- guard: reset-once
  select answer into remembered from reset where reset_id = input->>'resetId';
  if remembered is not null then
    return remembered;
  end if;
  -- end guard
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  select jsonb_agg(item || jsonb_build_object('stream', input->>'stream')) into targets
    from jsonb_array_elements(input->'positions') item;
  missing := headgate_unknown_partitions(sup.supervisor_id, targets);
  if missing is not null then
    return jsonb_build_object('kind', 'refused', 'detail', format('no position is stored for %s', missing));
  end if;
  -- guard: reset-discards
  select array_agg(distinct s.sequence_id) into holders
    from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
    join jsonb_array_elements(targets) item on item->>'stream' = sp.stream and item->>'partition' = sp.partition
    where s.supervisor_id = sup.supervisor_id and s.state in ('open', 'ended');
  -- end guard
  dropped := headgate_discard_all(sup.supervisor_id,
    headgate_with_successors(coalesce(holders, '{}')), 'reset');
  jumps := headgate_reposition_all(sup.supervisor_id, targets, input->>'sourceIdentity', input->>'why', input->>'by');
  return headgate_remember_reset(input, sup.supervisor_id, 'partial', jsonb_build_object('kind', 'reset',
    'term', sup.term::text, 'sequenceIds', dropped->'sequenceIds', 'jumps', jumps));
end $$;

-- Nothing that runs may publish any more; positions stay.
create function headgate_forced_stop(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  remembered jsonb;
  dropped jsonb;
begin
  -- guard: reset-once
  select answer into remembered from reset where reset_id = input->>'resetId';
  if remembered is not null then
    return remembered;
  end if;
  -- end guard
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  update supervisor set term = term + 1 where supervisor_id = sup.supervisor_id;
  dropped := headgate_discard_all(sup.supervisor_id, headgate_live_sequences(sup.supervisor_id), 'forcedStop');
  return headgate_remember_reset(input, sup.supervisor_id, 'forcedStop', jsonb_build_object('kind', 'reset',
    'term', (sup.term + 1)::text, 'sequenceIds', dropped->'sequenceIds', 'jumps', '[]'::jsonb));
end $$;

-- The operator accepts that the database was restored, or that a violation was looked into: a new timeline, so that
-- what anybody remembers of the old one counts no more, and a new term, so that nothing of it publishes.
create function headgate_accept_restore(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  fresh uuid := gen_random_uuid();
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  update supervisor set term = term + 1, timeline = fresh, halted = null where supervisor_id = sup.supervisor_id;
  perform headgate_discard_all(sup.supervisor_id, headgate_live_sequences(sup.supervisor_id), 'restore');
  return jsonb_build_object('kind', 'accepted', 'timeline', fresh, 'commitSeq', sup.commit_seq::text,
    'was', sup.halted);
end $$;

-- What a process remembers against what is stored; a fall halts the supervisor. For those that do not publish.
create function headgate_report_seen(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  stopped jsonb;
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  stopped := headgate_check_time(sup, input);
  return coalesce(stopped, jsonb_build_object('kind', 'ok'))
    || jsonb_build_object('timeline', sup.timeline, 'commitSeq', sup.commit_seq::text);
end $$;
