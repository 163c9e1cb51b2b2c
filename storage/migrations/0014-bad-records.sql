-- breaks older code: no
-- Reports of records that could not be read (druid.md 2.5), the newest per supervisor, and how far records that could not be
-- read were delivered as dead letters.

create table parse_report (
  supervisor_id text collate "C" not null references supervisor,
  -- Of partition, position, kind and details: replicas report a record once between them.
  digest text collate "C" not null,
  at timestamptz not null,
  report jsonb not null,
  primary key (supervisor_id, digest)
);
create index parse_report_newest on parse_report (supervisor_id, at desc);

-- Adds reports and forgets all but the newest `keep` of the supervisor.
create function headgate_note_parse_reports(input jsonb) returns jsonb
language plpgsql as $$
begin
  insert into parse_report (supervisor_id, digest, at, report)
    select input->>'supervisorId', r->>'digest', to_timestamp((r->>'atMs')::double precision / 1000), r->'report'
    from jsonb_array_elements(input->'reports') r
    -- One order for all writers, so that two of them cannot wait for each other.
    order by r->>'digest'
    on conflict (supervisor_id, digest) do nothing;
  delete from parse_report p using (
    select digest from parse_report where supervisor_id = input->>'supervisorId'
      order by at desc, digest offset (input->>'keep')::integer
  ) old
  where p.supervisor_id = input->>'supervisorId' and p.digest = old.digest;
  return jsonb_build_object('kind', 'ok');
end $$;

-- All dead letters below `delivered` are where they belong. By spec version, since another spec may reject other records, and
-- by term, since a reset reads records again on purpose.
create table dead_letter_progress (
  supervisor_id text collate "C" not null references supervisor,
  term bigint not null,
  spec_version integer not null,
  partition text collate "C" not null,
  -- Next to deliver.
  delivered numeric(78, 0) not null,
  primary key (supervisor_id, term, spec_version, partition)
);

create function headgate_letters_delivered(input jsonb) returns jsonb
language plpgsql as $$
begin
  insert into dead_letter_progress (supervisor_id, term, spec_version, partition, delivered)
    select input->>'supervisorId', (input->>'term')::bigint, (input->>'specVersion')::integer, p.key, p.value::numeric
    from jsonb_each_text(input->'positions') p order by p.key
    on conflict (supervisor_id, term, spec_version, partition)
      do update set delivered = greatest(dead_letter_progress.delivered, excluded.delivered);
  delete from dead_letter_progress where supervisor_id = input->>'supervisorId' and term < (input->>'term')::bigint;
  return jsonb_build_object('kind', 'ok');
end $$;
