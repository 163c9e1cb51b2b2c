-- breaks older code: yes
-- The invariants that SQL can see (reliability.md 3.5, protocol.md 8). One function each, one statement each, so that it
-- judges one snapshot. It returns what is wrong; `since` bounds how much history a frequent run looks at.
-- docs/invariants.md says for every invariant what holds it.

-- I1: a visible segment belongs to a published sequence, and its file was promised and is not garbage.
create function headgate_invariant_i1(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select g.supervisor_id, format('segment %s: sequence %s is %s, its file is %s', g.segment_id, s.sequence_id, s.state,
    coalesce(i.state, 'unknown'))
  from publish p
  join segment g on g.publish_id = p.publish_id
  join sequence s on s.sequence_id = p.sequence_id
  left join upload_intent i on i.path = g.path
  where p.published_at >= since and (s.state <> 'published' or i.state is distinct from 'published')
$$;

-- I2: the ranges of an incarnation touch, from its seeded start to the stored position.
create function headgate_invariant_i2(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  with scoped as (
    select r.*, lag(r.end_position) over (partition by r.supervisor_id, r.stream, r.partition, r.incarnation
      order by r.start_position) as before
    from publish_range r join publish p on p.publish_id = r.publish_id
    where p.published_at >= since and r.end_position > r.start_position),
  expected as (
    select scoped.*, coalesce(scoped.before,
      (select r.end_position from publish_range r
        where (r.supervisor_id, r.stream, r.partition, r.incarnation)
            = (scoped.supervisor_id, scoped.stream, scoped.partition, scoped.incarnation)
          and r.end_position > r.start_position and r.start_position < scoped.start_position
        order by r.start_position desc limit 1),
      (select i.seeded_start from incarnation i
        where (i.supervisor_id, i.stream, i.partition, i.incarnation)
            = (scoped.supervisor_id, scoped.stream, scoped.partition, scoped.incarnation))) as expected_start
    from scoped)
  select e.supervisor_id, format('%s partition %s incarnation %s: range [%s, %s) should start at %s', e.stream,
    e.partition, e.incarnation, e.start_position, e.end_position, coalesce(e.expected_start::text, 'a seed'))
  from expected e where e.start_position is distinct from e.expected_start
  union all
  select ps.supervisor_id, format('%s partition %s incarnation %s: position %s, published to %s', ps.stream,
    ps.partition, ps.incarnation, ps.next_position, coalesce(reached.position::text, 'nothing'))
  from partition_state ps
  left join lateral (select coalesce(
      (select r.end_position from publish_range r
        where (r.supervisor_id, r.stream, r.partition, r.incarnation)
            = (ps.supervisor_id, ps.stream, ps.partition, ps.incarnation) and r.end_position > r.start_position
        order by r.start_position desc limit 1),
      (select i.seeded_start from incarnation i
        where (i.supervisor_id, i.stream, i.partition, i.incarnation)
            = (ps.supervisor_id, ps.stream, ps.partition, ps.incarnation))) as position) reached on true
  where ps.next_position is distinct from reached.position
$$;

-- I3, I7, I9, I17, I18: the triggers and unique constraints that hold them are there and switched on.
create function headgate_invariant_i3(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select null::text, format('trigger %s on %s is missing or switched off', wanted.name, wanted.on_table)
  from (values ('partition_state_has_reason', 'partition_state'), ('publish_range_disjoint', 'publish_range'),
    ('publish_append_only', 'publish'), ('publish_range_append_only', 'publish_range'),
    ('sequence_moves_forward', 'sequence'), ('sequence_partition_ends_once', 'sequence_partition'),
    ('incarnation_written_once', 'incarnation'), ('task_lease_never_falls', 'task_lease'),
    ('supervisor_never_falls', 'supervisor'), ('gap_append_only', 'gap'),
    ('supervisor_version_append_only', 'supervisor_version')) as wanted (name, on_table)
  where not exists (select 1 from pg_trigger t
    where t.tgname = wanted.name and t.tgrelid = wanted.on_table::regclass and t.tgenabled in ('O', 'A'))
$$;
create function headgate_invariant_i7(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select null::text, format('unique index %s is missing or not valid', wanted.name)
  from (values ('segment_path_key'), ('segment_data_source_start_at_end_at_version_partition_num_key'),
    ('publish_pkey'), ('publish_sequence_id_key'), ('publish_supervisor_id_commit_seq_key'), ('upload_intent_pkey'),
    ('publish_range_by_start')) as wanted (name)
  where not exists (select 1 from pg_index x join pg_class c on c.oid = x.indexrelid
    where c.relname = left(wanted.name, 63) and x.indisunique and x.indisvalid)
$$;

-- I4: what is being read starts at or after a seed that is a row.
create function headgate_invariant_i4(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select s.supervisor_id, format('sequence %s partition %s starts at %s, seeded is %s', s.sequence_id, sp.partition,
    sp.start_position, coalesce(i.seeded_start::text, 'nothing'))
  from sequence s
  join sequence_partition sp on sp.sequence_id = s.sequence_id
  left join incarnation i on (i.supervisor_id, i.stream, i.partition, i.incarnation)
    = (s.supervisor_id, sp.stream, sp.partition, sp.incarnation)
  where s.state in ('open', 'ended') and (i.seeded_start is null or i.seeded_start > sp.start_position)
$$;

-- I5: a commit carries the term of its sequence and a lease that existed, of a task of the same generation.
create function headgate_invariant_i5(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select p.supervisor_id, format('publish %s of %s: term %s for %s, epoch %s for a lease at %s, task %s', p.publish_id,
    p.sequence_id, p.term, s.term, p.epoch, l.epoch, p.task_id)
  from publish p
  join sequence s on s.sequence_id = p.sequence_id
  join task t on t.task_id = p.task_id
  join task_lease l on l.task_id = p.task_id
  where p.published_at >= since and (p.term <> s.term or p.epoch > l.epoch
    or (t.supervisor_id, t.group_id, t.generation) <> (s.supervisor_id, s.group_id, s.generation))
$$;

-- I6: nothing that was written knows a term, an incarnation or a commit that the supervisor does not.
create function headgate_invariant_i6(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select sup.supervisor_id, format('term %s and commit %s, but %s and %s were written', sup.term, sup.commit_seq,
    written.term, written.commit_seq)
  from supervisor sup
  cross join lateral (select coalesce(max(g.term), 0) as term, coalesce((select max(p.commit_seq) from publish p
      where p.supervisor_id = sup.supervisor_id), 0) as commit_seq
    from task_group g where g.supervisor_id = sup.supervisor_id) written
  where written.term > sup.term or written.commit_seq <> sup.commit_seq
  union all
  select i.supervisor_id, format('%s partition %s has incarnation %s, its state is at %s', i.stream, i.partition,
    i.incarnation, coalesce(ps.incarnation::text, 'nothing'))
  from incarnation i
  left join partition_state ps on (ps.supervisor_id, ps.stream, ps.partition) = (i.supervisor_id, i.stream, i.partition)
  where ps.incarnation is null or i.incarnation > ps.incarnation
$$;

-- I8: a file that may be deleted is no segment.
create function headgate_invariant_i8(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select g.supervisor_id, format('segment %s: its file %s was reaped', g.segment_id, g.path)
  from publish p join segment g on g.publish_id = p.publish_id join upload_intent i on i.path = g.path
  where p.published_at >= since and i.state = 'reaped'
$$;

-- I10, I18: a publish covers its sequence, partition by partition, from its starts to its written ends.
create function headgate_invariant_i10(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select p.supervisor_id, format('publish %s of %s, partition %s: [%s, %s) of incarnation %s for [%s, %s) of %s',
    p.publish_id, p.sequence_id, coalesce(sp.partition, r.partition), r.start_position, r.end_position, r.incarnation,
    sp.start_position, sp.end_position, sp.incarnation)
  from publish p
  cross join lateral (
    select * from sequence_partition x where x.sequence_id = p.sequence_id) sp
  left join publish_range r on r.publish_id = p.publish_id and r.stream = sp.stream and r.partition = sp.partition
  where p.published_at >= since
    and (r.start_position, r.end_position, r.incarnation)
      is distinct from (sp.start_position, sp.end_position, sp.incarnation)
  union all
  select r.supervisor_id, format('publish %s has partition %s, which %s does not', p.publish_id, r.partition, p.sequence_id)
  from publish p join publish_range r on r.publish_id = p.publish_id
  where p.published_at >= since and not exists (select 1 from sequence_partition sp
    where sp.sequence_id = p.sequence_id and sp.stream = r.stream and sp.partition = r.partition)
$$;

-- I13, as far as counters tell: every record has a fate, reasons add up, segments hold no more rows than were kept.
create function headgate_invariant_i13(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select p.supervisor_id, format('publish %s of %s: %s rows in segments, counters %s', p.publish_id, p.sequence_id,
    stored.rows, p.counters)
  from publish p
  cross join lateral (select coalesce(sum(g.rows), 0) as rows from segment g where g.publish_id = p.publish_id) stored
  cross join lateral (select (p.counters->>'processed')::bigint + (p.counters->>'processedWithError')::bigint as kept,
    (p.counters->>'unparseable')::bigint as unparseable, (p.counters->>'thrownAway')::bigint as thrown_away,
    (p.counters->>'records')::bigint as records,
    (select sum(value::bigint) from jsonb_each_text(p.counters->'thrownAwayByReason')) as reasons) c
  where p.published_at >= since and (c.kept + c.unparseable + c.thrown_away < c.records
    or c.reasons <> c.thrown_away or stored.rows > c.kept or (stored.rows = 0 and c.kept > 0))
$$;

-- I14: an incarnation that begins beyond the end of the one before it has left a gap row.
create function headgate_invariant_i14(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select i.supervisor_id, format('%s partition %s: incarnation %s starts at %s, the one before ended at %s, no gap row',
    i.stream, i.partition, i.incarnation, i.seeded_start, before.closed_position)
  from incarnation i
  cross join lateral (select b.* from incarnation b
    where (b.supervisor_id, b.stream, b.partition) = (i.supervisor_id, i.stream, i.partition)
      and b.incarnation < i.incarnation and b.closed_position is not null
    order by b.incarnation desc limit 1) before
  where i.seeded_start is not null
    and (before.source_identity <> i.source_identity or before.closed_position < i.seeded_start)
    and not exists (select 1 from gap g
      where (g.supervisor_id, g.stream, g.partition, g.incarnation, g.start_position)
          = (i.supervisor_id, i.stream, i.partition, before.incarnation, before.closed_position))
$$;

-- I16: this is the primary.
create function headgate_invariant_i16(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$ select null::text, 'this server is a standby' where pg_is_in_recovery() $$;

-- I17: published means exactly one publish.
create function headgate_invariant_i17(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select s.supervisor_id, format('sequence %s is %s and has %s publishes', s.sequence_id, s.state, count(p.publish_id))
  from sequence s left join publish p on p.sequence_id = s.sequence_id
  where s.state <> 'published' and p.publish_id is not null
    or s.state = 'published' and (s.published_at >= since or s.published_at is null)
  group by s.sequence_id
  having count(p.publish_id) <> case when s.state = 'published' then 1 else 0 end
$$;

-- I18: ends are there exactly when reading has ended, and what follows in a generation starts at them.
create function headgate_invariant_i18(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select s.supervisor_id, format('sequence %s is %s, partition %s ends at %s', s.sequence_id, s.state, sp.partition,
    coalesce(sp.end_position::text, 'nothing'))
  from sequence s join sequence_partition sp on sp.sequence_id = s.sequence_id
  where (s.state = 'open' and sp.end_position is not null) or (s.state = 'ended' and sp.end_position is null)
  union all
  select s.supervisor_id, format('sequence %s partition %s starts at %s, %s ended at %s', s.sequence_id, sp.partition,
    sp.start_position, before.sequence_id, before.end_position)
  from sequence s
  join sequence_partition sp on sp.sequence_id = s.sequence_id
  join sequence_partition before on before.sequence_id = sp.predecessor_id and before.stream = sp.stream
    and before.partition = sp.partition
  where s.state in ('open', 'ended') and before.end_position is distinct from sp.start_position
$$;

-- I19: the files a new attempt would go on from are not garbage.
create function headgate_invariant_i19(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  select t.supervisor_id, format('checkpoint file %s is needed and %s', needed.path, coalesce(i.state, 'unknown'))
  from headgate_protected_paths() as needed (path)
  left join upload_intent i on i.path = needed.path
  left join task t on t.task_id = i.task_id
  where i.state is distinct from 'pending'
$$;

-- I20: along commit_seq, which is dense, neither term nor any task's epoch falls.
create function headgate_invariant_i20(since timestamptz) returns table (supervisor_id text, detail text)
language sql volatile as $$
  with ordered as (
    select p.*, lag(p.commit_seq) over (partition by p.supervisor_id order by p.commit_seq) as seq_before,
      lag(p.term) over (partition by p.supervisor_id order by p.commit_seq) as term_before,
      lag(p.epoch) over (partition by p.task_id order by p.commit_seq) as epoch_before
    from publish p
    -- By number and not by time alone: a clock that was set back would leave a hole in the middle.
    where p.commit_seq >= (select min(recent.commit_seq) from publish recent
      where recent.supervisor_id = p.supervisor_id and recent.published_at >= since))
  select o.supervisor_id, format('commit %s after %s: term %s after %s, task %s epoch %s after %s', o.commit_seq,
    o.seq_before, o.term, o.term_before, o.task_id, o.epoch, o.epoch_before)
  from ordered o
  where o.seq_before <> o.commit_seq - 1 or o.term < o.term_before or o.epoch < o.epoch_before
$$;

-- Runs one of them; supervisors found in breach stop publishing (protocol.md 8), each locked in the order of its id.
create function headgate_check_invariant(input jsonb) returns jsonb
language plpgsql as $$
declare
  since timestamptz := coalesce(
    clock_timestamp() - make_interval(secs => (input->>'recentMs')::double precision / 1000), '-infinity');
  broken jsonb;
  breach record;
begin
  execute format('select jsonb_agg(jsonb_build_object(''supervisorId'', v.supervisor_id, ''detail'', v.detail))
    from (select * from %I($1) limit 20) v', 'headgate_invariant_' || lower(input->>'id'))
    into broken using since;
  if (input->>'halt')::boolean then
    for breach in
      select item->>'supervisorId' as supervisor_id, min(item->>'detail') as detail
      from jsonb_array_elements(coalesce(broken, '[]')) item
      where item->>'supervisorId' is not null group by 1 order by 1
    loop
      perform headgate_halt(jsonb_build_object('supervisorId', breach.supervisor_id, 'code', 'INVARIANT_VIOLATED',
        'why', format('invariant %s: %s', input->>'id', breach.detail)));
    end loop;
  end if;
  return coalesce(broken, '[]');
end $$;
