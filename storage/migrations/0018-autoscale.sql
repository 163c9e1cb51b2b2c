-- breaks older code: no
-- Scaling: a new taskCount and the memory of it in one step.

-- Which step made a version: repeated, the step finds it and makes no other.
alter table supervisor_version add column step_key text collate "C";
create unique index supervisor_version_step on supervisor_version (supervisor_id, step_key) where step_key is not null;

-- A new spec version that differs in taskCount, together with the cooldown and the empty window that follow from it. What
-- should run stays as it is: scaling neither revives a terminated supervisor nor resumes a suspended one.
create function headgate_scale(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
  made integer;
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('kind', 'unknown');
  end if;
  select version into made from supervisor_version
    where supervisor_id = sup.supervisor_id and step_key = input->>'key';
  if made is not null then
    return jsonb_build_object('kind', 'scaled', 'version', made);
  end if;
  if sup.desired = 'terminated' then
    return jsonb_build_object('kind', 'terminated', 'version', sup.version);
  end if;
  -- What was decided on is not what is there any more: an update, a suspend or another scaling came in between.
  -- guard: scaled-version
  if sup.version <> (input->>'expectedVersion')::integer then
    return jsonb_build_object('kind', 'overtaken', 'version', sup.version);
  end if;
  -- end guard
  insert into supervisor_version (supervisor_id, version, data_source, spec_text, created_by, takes_effect, step_key)
    values (sup.supervisor_id, sup.version + 1, sup.data_source, input->>'specText', input->>'by', 'now', input->>'key');
  update supervisor set version = sup.version + 1, updated_at = clock_timestamp()
    where supervisor_id = sup.supervisor_id;
  insert into autoscaler (supervisor_id, state) values (sup.supervisor_id, input->'memory')
    on conflict (supervisor_id) do update
      set state = autoscaler.state || excluded.state, updated_at = clock_timestamp();
  perform headgate_notify_supervisor(sup.supervisor_id);
  return jsonb_build_object('kind', 'scaled', 'version', sup.version + 1);
end $$;
