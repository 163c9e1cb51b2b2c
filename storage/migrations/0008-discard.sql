-- breaks older code: yes
-- Discard: a sequence that cannot be published, and all that was read on from it (protocol.md 5).

-- The given sequences and everything that transitively starts at their ends, over all groups; published ones excepted.
create function headgate_with_successors(roots text[]) returns text[]
language plpgsql as $$
declare
  found_ids text[];
begin
  with recursive chain (sequence_id) as (
    select s.sequence_id from sequence s where s.sequence_id = any (roots) and s.state <> 'published'
    -- guard: cascade
    union
    select sp.sequence_id from chain
      join sequence_partition sp on sp.predecessor_id = chain.sequence_id
      join sequence s on s.sequence_id = sp.sequence_id and s.state <> 'published'
    -- end guard
  )
  select array_agg(c.sequence_id order by s.number) into found_ids
    from chain c join sequence s on s.sequence_id = c.sequence_id;
  return coalesce(found_ids, '{}');
end $$;

-- Marks them, fences the tasks that have nothing left to publish, and says where to read again. Under the supervisor lock.
create function headgate_discard_all(sup_id text, doomed text[], reason text) returns jsonb
language plpgsql as $$
declare
  gone record;
begin
  update sequence set state = 'discarded', discarded_at = clock_timestamp(), discard_why = reason
    where sequence_id = any (doomed) and state in ('open', 'ended');
  -- guard: discard-lease
  perform 1 from task_lease l join task t on t.task_id = l.task_id
    where t.supervisor_id = sup_id and (t.group_id, t.generation) in (
        select s.group_id, s.generation from sequence s where s.sequence_id = any (doomed))
    order by l.task_id for no key update of l;
  update task_lease l set epoch = l.epoch + 1, token = gen_random_uuid()
    from task t
    where t.task_id = l.task_id and t.supervisor_id = sup_id
      and (t.group_id, t.generation) in (
        select s.group_id, s.generation from sequence s where s.sequence_id = any (doomed))
      and not exists (select 1 from sequence s
        where (s.supervisor_id, s.group_id, s.generation) = (t.supervisor_id, t.group_id, t.generation)
          and s.state in ('open', 'ended'));
  -- end guard
  for gone in select distinct s.group_id, s.generation from sequence s where s.sequence_id = any (doomed) order by 1, 2
  loop
    perform headgate_notify_control(sup_id, gone.group_id, gone.generation);
  end loop;
  perform headgate_notify_supervisor(sup_id);
  return jsonb_build_object('kind', 'discarded', 'sequenceIds', to_jsonb(doomed),
    'restart', coalesce((select jsonb_agg(jsonb_build_object('partition', again.partition,
        'position', again.position::text) order by again.partition)
      from (select sp.partition, min(sp.start_position) as position from sequence_partition sp
        where sp.sequence_id = any (doomed) group by sp.partition) again), '[]'));
end $$;

create function headgate_discard(input jsonb) returns jsonb
language plpgsql as $$
declare
  seq sequence;
  done publish;
begin
  select * into seq from sequence where sequence_id = input->>'sequenceId';
  if seq.sequence_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  perform headgate_lock_supervisor(seq.supervisor_id);
  -- guard: discard-published
  select * into done from publish where sequence_id = seq.sequence_id;
  if done.publish_id is not null then
    return jsonb_build_object('kind', 'published', 'publishId', done.publish_id);
  end if;
  -- end guard
  return headgate_discard_all(seq.supervisor_id, headgate_with_successors(array[seq.sequence_id]), input->>'why');
end $$;
