-- breaks older code: yes
-- How far dead letters are delivered, by the range of a sequence. One position for a partition would say too much: of two
-- sequences under way the later one may deliver first, and a topic that is made again has other records at the same offsets.

drop function headgate_letters_delivered(jsonb);
drop table dead_letter_progress;

-- All dead letters from `start_position` to below `delivered` are where they belong. By spec version, since another spec may
-- reject other records, and by incarnation, since a reset reads records again on purpose.
create table delivered_letters (
  supervisor_id text collate "C" not null references supervisor,
  spec_version integer not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  -- Where the sequence starts.
  start_position headgate_position not null,
  -- Next to deliver.
  delivered headgate_position not null,
  primary key (supervisor_id, partition, incarnation, start_position, spec_version)
);

-- What is forgotten, all but the newest few sequences of a partition, was published long ago; at worst a letter comes twice.
create function headgate_letters_delivered(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup_id text := input->>'supervisorId';
begin
  insert into delivered_letters (supervisor_id, spec_version, partition, incarnation, start_position, delivered)
    select sup_id, (input->>'specVersion')::integer, r->>'partition', (r->>'incarnation')::bigint,
        (r->>'start')::numeric, (r->>'delivered')::numeric
    from jsonb_array_elements(input->'ranges') r order by r->>'partition'
    on conflict (supervisor_id, partition, incarnation, start_position, spec_version)
      do update set delivered = greatest(delivered_letters.delivered, excluded.delivered);
  delete from delivered_letters d using (
    select o.*, row_number() over (partition by o.partition
        order by o.incarnation desc, o.start_position desc, o.spec_version desc) as age
      from delivered_letters o where o.supervisor_id = sup_id
  ) old
  where old.age > 16 and d.supervisor_id = sup_id and d.partition = old.partition
    and d.incarnation = old.incarnation and d.start_position = old.start_position and d.spec_version = old.spec_version;
  return jsonb_build_object('kind', 'ok');
end $$;
