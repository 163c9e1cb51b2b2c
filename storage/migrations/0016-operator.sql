-- breaks older code: no
-- What an operator needs to know afterwards: why things happened, what became of each order, what the autoscaler saw.

-- Decisions and accidents in the order they happened, for `explain` and people. Nothing safe rests on it; housekeeping
-- keeps the newest of each supervisor.
create table supervisor_event (
  event_id bigserial primary key,
  supervisor_id text collate "C" not null,
  at timestamptz not null default clock_timestamp(),
  kind text not null,
  group_id integer,
  generation integer,
  task_id text collate "C",
  -- One plain sentence.
  text text not null,
  -- Numbers and names behind the sentence.
  details jsonb not null default '{}',
  -- A retry of the same step writes one line.
  event_key text collate "C" unique
);
create index supervisor_event_newest on supervisor_event (supervisor_id, event_id desc);

-- The lag window, the last scaling and why nothing was done: they outlive every worker and every life of a workflow.
create table autoscaler (
  supervisor_id text collate "C" primary key,
  state jsonb not null,
  updated_at timestamptz not null default clock_timestamp()
);

-- What was ordered and by whom; the outcome has been there since the first day.
alter table command add column input jsonb;
alter table command add column by_whom text;
create index command_newest on command (supervisor_id, created_at desc);

-- When generations of older versions have to make way: `now`, at the `next` rollover, or never (`nothing` changes for them).
alter table supervisor_version add column takes_effect text not null default 'now'
  check (takes_effect in ('now', 'next', 'nothing'));

-- Milliseconds behind the newest record, where it is measured.
alter table stream_position add column lag_ms bigint;

create or replace function headgate_store_version(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor;
  wanted text := input->>'supervisorId';
  newest supervisor_version;
begin
  insert into supervisor (supervisor_id, data_source, desired)
    values (wanted, input->>'dataSource', input->>'desired') on conflict do nothing;
  sup := headgate_lock_supervisor(wanted);
  -- An edit of the newest version must not undo one that was stored meanwhile, nor revive a terminated id.
  -- guard: expected-version
  if input ? 'expectedVersion' and sup.version <> (input->>'expectedVersion')::integer then
    return jsonb_build_object('kind', 'overtaken', 'version', sup.version, 'created', false);
  end if;
  -- end guard
  if (input->>'onlyIfChanged')::boolean and sup.version > 0 and sup.desired = input->>'desired' then
    select * into newest from supervisor_version where supervisor_id = wanted and version = sup.version;
    if newest.spec_text = input->>'specText' then
      return jsonb_build_object('version', sup.version, 'created', false);
    end if;
  end if;
  insert into supervisor_version (supervisor_id, version, data_source, spec_text, created_by, takes_effect)
    values (wanted, sup.version + 1, input->>'dataSource', input->>'specText', input->>'by',
      coalesce(input->>'takesEffect', 'now'));
  update supervisor set version = sup.version + 1, data_source = input->>'dataSource',
      desired = input->>'desired', terminated_done = false, updated_at = clock_timestamp()
    where supervisor_id = wanted;
  perform headgate_notify_supervisor(wanted);
  return jsonb_build_object('version', sup.version + 1,
    'created', sup.version = 0 or sup.desired = 'terminated');
end $$;
