-- breaks older code: yes
-- Intents before bytes, checkpoints after bytes, and their adoption by another attempt (protocol.md 3.3 and 4).

-- One row per file before its first byte. A path is never used twice: a row that is there is only a retry of this call.
create function headgate_insert_intents(input jsonb) returns jsonb
language plpgsql as $$
declare
  lease jsonb := input->'lease';
  taken text;
begin
  -- guard: intent-lease
  if not headgate_holds_lease(lease) then
    return jsonb_build_object('kind', 'fenced');
  end if;
  -- end guard
  insert into upload_intent (path, task_id, epoch, kind)
    select p, lease->>'taskId', (lease->>'epoch')::bigint, input->>'kind'
    from jsonb_array_elements_text(input->'paths') p order by p collate "C"
    on conflict do nothing;
  select i.path into taken
    from jsonb_array_elements_text(input->'paths') p join upload_intent i on i.path = p
    where (i.task_id, i.epoch, i.kind, i.state)
       is distinct from (lease->>'taskId', (lease->>'epoch')::bigint, input->>'kind', 'pending') limit 1;
  if taken is not null then
    perform headgate_violation(format('path %s was used before; names are never used twice', taken));
  end if;
  return jsonb_build_object('kind', 'ok');
end $$;

create function headgate_checkpoint_json(wanted checkpoint) returns jsonb
language sql stable as $$
  select jsonb_build_object('checkpointId', wanted.checkpoint_id, 'taskId', wanted.task_id,
    'epoch', wanted.epoch::text, 'atMs', headgate_ms(wanted.created_at),
    'sequences', (select jsonb_agg(jsonb_build_object('sequenceId', cs.sequence_id, 'positions', cs.positions,
        'counters', cs.counters, 'files', cs.files) order by s.ordinal)
      from checkpoint_sequence cs join sequence s on s.sequence_id = cs.sequence_id
      where cs.checkpoint_id = wanted.checkpoint_id))
$$;

-- Where a task starts: the newest checkpoint of its replica, whichever task wrote it, for the first unpublished
-- sequence of its generation; null means the start of that sequence.
create function headgate_newest_checkpoint(reader task) returns jsonb
language plpgsql as $$
declare
  first_live text;
  newest checkpoint;
begin
  select s.sequence_id into first_live from sequence s
    where (s.supervisor_id, s.group_id, s.generation) = (reader.supervisor_id, reader.group_id, reader.generation)
      and s.state in ('open', 'ended') order by s.ordinal limit 1;
  select c.* into newest from checkpoint_sequence cs join checkpoint c on c.checkpoint_id = cs.checkpoint_id
    where cs.sequence_id = first_live and cs.replica = reader.replica order by cs.number desc limit 1;
  if newest.checkpoint_id is null then
    return null;
  end if;
  return headgate_checkpoint_json(newest);
end $$;

-- Locks the intents of these paths in the fixed order and answers how many are pending.
create function headgate_lock_pending(paths text[], owner_task text, owner_epoch bigint, wanted_kind text)
returns integer
language plpgsql as $$
declare
  counted integer;
begin
  select count(*) into counted from (
    select 1 from upload_intent i
    where i.path = any (paths) and i.state = 'pending' and i.kind = wanted_kind
      and (owner_task is null or (i.task_id = owner_task and i.epoch = owner_epoch))
    order by i.path for no key update) locked;
  return counted;
end $$;

-- Paths a checkpoint needs: the files of its sequences that are still on their way.
create function headgate_live_paths(sequences jsonb) returns text[]
language sql volatile as $$
  select coalesce(array_agg(file->>'path'), '{}')
  from jsonb_array_elements(sequences) item
  join sequence s on s.sequence_id = item->>'sequenceId' and s.state in ('open', 'ended')
  cross join lateral jsonb_array_elements(item->'files') file
$$;

-- Under the supervisor lock, so that ends cannot be written between the check and the insert.
create function headgate_insert_checkpoint(input jsonb) returns jsonb
language plpgsql as $$
declare
  lease jsonb := input->'lease';
  new_id uuid := (input->>'checkpointId')::uuid;
  reader task;
  new_number bigint;
  needed text[];
begin
  select * into reader from task where task_id = lease->>'taskId';
  perform headgate_lock_supervisor(reader.supervisor_id);
  -- guard: checkpoint-lease
  if not headgate_holds_lease(lease) then
    return jsonb_build_object('kind', 'fenced');
  end if;
  -- end guard
  if exists (select 1 from checkpoint where checkpoint_id = new_id) then
    return jsonb_build_object('kind', 'ok');
  end if;
  if exists (select 1 from jsonb_array_elements(input->'sequences') item
      left join sequence s on s.sequence_id = item->>'sequenceId'
      where (s.supervisor_id, s.group_id, s.generation)
        is distinct from (reader.supervisor_id, reader.group_id, reader.generation)) then
    perform headgate_violation(format('checkpoint %s of task %s lists a sequence of another generation', new_id,
      reader.task_id));
  end if;
  -- guard: checkpoint-beyond-end
  if exists (select 1 from jsonb_array_elements(input->'sequences') item
      join sequence_partition sp on sp.sequence_id = item->>'sequenceId'
      where (item->'positions'->>sp.partition)::numeric > sp.end_position) then
    return jsonb_build_object('kind', 'beyondEnd');
  end if;
  -- end guard
  needed := headgate_live_paths(input->'sequences');
  -- guard: checkpoint-files
  if headgate_lock_pending(needed, reader.task_id, (lease->>'epoch')::bigint, 'checkpoint')
     <> cardinality(needed) then
    perform headgate_violation(format('checkpoint %s of task %s lists files that are not its own pending ones',
      new_id, reader.task_id));
  end if;
  -- end guard
  insert into checkpoint (checkpoint_id, task_id, epoch, supervisor_id, group_id, generation, replica)
    values (new_id, reader.task_id, (lease->>'epoch')::bigint, reader.supervisor_id, reader.group_id,
      reader.generation, reader.replica)
    returning number into new_number;
  insert into checkpoint_sequence (checkpoint_id, sequence_id, replica, number, positions, counters, files)
    select new_id, item->>'sequenceId', reader.replica, new_number, item->'positions', item->'counters', item->'files'
    from jsonb_array_elements(input->'sequences') item;
  -- Older rows of the replica that this one replaces for every live sequence can never count again.
  delete from checkpoint old
    where (old.supervisor_id, old.group_id, old.generation, old.replica)
        = (reader.supervisor_id, reader.group_id, reader.generation, reader.replica)
      and old.number < new_number
      and not exists (select 1 from checkpoint_sequence cs join sequence s on s.sequence_id = cs.sequence_id
        where cs.checkpoint_id = old.checkpoint_id and s.state in ('open', 'ended')
          and not exists (select 1 from checkpoint_sequence mine
            where mine.checkpoint_id = new_id and mine.sequence_id = cs.sequence_id));
  return jsonb_build_object('kind', 'ok');
end $$;

-- The caller goes on from a checkpoint: its files change hands in one transaction, all of them or none.
create function headgate_adopt(input jsonb) returns jsonb
language plpgsql as $$
declare
  lease jsonb := input->'lease';
  reader task;
  wanted checkpoint;
  needed text[];
begin
  select * into reader from task where task_id = lease->>'taskId';
  perform headgate_lock_supervisor(reader.supervisor_id);
  -- guard: adopt-lease
  if not headgate_holds_lease(lease) then
    return jsonb_build_object('kind', 'refused', 'reason', 'the lease of this attempt is gone');
  end if;
  -- end guard
  select * into wanted from checkpoint where checkpoint_id = (input->>'checkpointId')::uuid;
  -- guard: adopt-replica
  if (wanted.supervisor_id, wanted.group_id, wanted.generation, wanted.replica)
     is distinct from (reader.supervisor_id, reader.group_id, reader.generation, reader.replica) then
    return jsonb_build_object('kind', 'refused', 'reason', 'it is not of this replica, or no longer there');
  end if;
  -- end guard
  -- guard: adopt-newest
  if exists (select 1 from checkpoint_sequence cs join sequence s on s.sequence_id = cs.sequence_id
      join checkpoint_sequence newer on newer.sequence_id = cs.sequence_id and newer.replica = cs.replica
        and newer.number > cs.number
      where cs.checkpoint_id = wanted.checkpoint_id and s.state in ('open', 'ended')) then
    return jsonb_build_object('kind', 'refused', 'reason', 'a newer checkpoint of this replica is there');
  end if;
  -- end guard
  needed := headgate_live_paths(headgate_checkpoint_json(wanted)->'sequences');
  -- guard: adopt-files
  if headgate_lock_pending(needed, null, null, 'checkpoint') <> cardinality(needed) then
    return jsonb_build_object('kind', 'refused', 'reason', 'some of its files were reaped');
  end if;
  -- end guard
  update upload_intent set task_id = reader.task_id, epoch = (lease->>'epoch')::bigint, updated_at = clock_timestamp()
    where path = any (needed) and state = 'pending';
  return jsonb_build_object('kind', 'adopted');
end $$;
