-- breaks older code: yes
-- Supervisors, their spec versions, the orders given to them, and the processes at work.
--
-- Conventions of every migration (protocol.md, head): a function headgate_<verb>(jsonb) is one business action and
-- one autocommit call; nothing happens under a lock that waits for a client. Lock order everywhere: supervisor,
-- leases, partitions by key, intents, time chunks. Functions are VOLATILE plpgsql, so that under READ COMMITTED every
-- statement after a lock sees what was committed before the lock was granted. A guard of the protocol stands between
-- "guard: name" and "end guard" comments; test/storage/guards.pg.test.ts takes each out and shows that it is missed.
-- A released function is changed by a new migration; one whose answer older programs cannot read gets a new name.

create domain headgate_position as numeric
  check (value >= 0 and value < 'Infinity'::numeric and scale(value) = 0);

create table supervisor (
  supervisor_id text collate "C" primary key,
  data_source text not null,
  term bigint not null default 1,
  commit_seq bigint not null default 0,
  timeline uuid not null default gen_random_uuid(),
  desired text not null check (desired in ('running', 'suspended', 'terminated')),
  version integer not null default 0,
  terminated_done boolean not null default false,
  -- Not null: publishing is stopped for this supervisor until somebody accepts it (protocol.md 7 and 8).
  halted jsonb,
  updated_at timestamptz not null default clock_timestamp()
);

create table supervisor_version (
  supervisor_id text collate "C" not null references supervisor,
  version integer not null,
  data_source text not null,
  -- As posted; null is a tombstone.
  spec_text text,
  created_by text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (supervisor_id, version)
);

create table supervisor_status (
  supervisor_id text collate "C" primary key references supervisor,
  status jsonb not null,
  updated_at timestamptz not null default clock_timestamp()
);

create table command (
  command_id text primary key,
  supervisor_id text collate "C" not null,
  verb text not null,
  state text not null check (state in ('accepted', 'done', 'refused')),
  outcome jsonb,
  created_at timestamptz not null default clock_timestamp(),
  updated_at timestamptz not null default clock_timestamp()
);

create table worker (
  worker_id text primary key,
  role text not null,
  address text,
  token text,
  started_at timestamptz not null default clock_timestamp(),
  seen_at timestamptz not null default clock_timestamp()
);

create function headgate_ms(instant timestamptz) returns bigint
language sql immutable as $$ select (extract(epoch from instant) * 1000)::bigint $$;

-- The one way to say "this must not happen": storage/call.ts turns the code into INVARIANT_VIOLATED.
create function headgate_violation(what text) returns void
language plpgsql as $$
begin
  raise exception '%', what using errcode = 'HG001';
end $$;

create function headgate_forbid_change() returns trigger
language plpgsql as $$
begin
  perform headgate_violation(format('table %s is append-only, found a %s', tg_table_name, lower(tg_op)));
  return null;
end $$;

create trigger supervisor_version_append_only before update or delete on supervisor_version
  for each row execute function headgate_forbid_change();

-- I6, I20: a fall means that Postgres went back in time, never that a function may lower it.
create function headgate_supervisor_never_falls() returns trigger
language plpgsql as $$
begin
  if new.term < old.term or new.commit_seq < old.commit_seq or new.commit_seq > old.commit_seq + 1
     or new.version < old.version then
    perform headgate_violation(format(
      'supervisor %s: term %s to %s, commit_seq %s to %s, version %s to %s; they only rise, commit_seq by one',
      old.supervisor_id, old.term, new.term, old.commit_seq, new.commit_seq, old.version, new.version));
  end if;
  return new;
end $$;

create trigger supervisor_never_falls before update on supervisor
  for each row execute function headgate_supervisor_never_falls();

-- First lock of every function. NO KEY UPDATE: foreign keys onto the row must not wait for us (reliability.md 3.3).
create function headgate_lock_supervisor(wanted text) returns supervisor
language plpgsql as $$
declare
  found_row supervisor;
begin
  select * into found_row from supervisor where supervisor_id = wanted for no key update;
  return found_row;
end $$;

create function headgate_notify_supervisor(changed text) returns void
language plpgsql as $$
begin
  perform pg_notify('headgate_supervisor', changed);
end $$;

create function headgate_store_version(input jsonb) returns jsonb
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
  insert into supervisor_version (supervisor_id, version, data_source, spec_text, created_by)
    values (wanted, sup.version + 1, input->>'dataSource', input->>'specText', input->>'by');
  update supervisor set version = sup.version + 1, data_source = input->>'dataSource',
      desired = input->>'desired', terminated_done = false, updated_at = clock_timestamp()
    where supervisor_id = wanted;
  perform headgate_notify_supervisor(wanted);
  return jsonb_build_object('version', sup.version + 1,
    'created', sup.version = 0 or sup.desired = 'terminated');
end $$;

create function headgate_store_tombstone(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
begin
  if sup.supervisor_id is null then
    return null;
  end if;
  if sup.desired = 'terminated' then
    return jsonb_build_object('version', sup.version);
  end if;
  insert into supervisor_version (supervisor_id, version, data_source, spec_text, created_by)
    values (sup.supervisor_id, sup.version + 1, sup.data_source, null, input->>'by');
  update supervisor set version = sup.version + 1, desired = 'terminated', terminated_done = false,
      updated_at = clock_timestamp()
    where supervisor_id = sup.supervisor_id;
  perform headgate_notify_supervisor(sup.supervisor_id);
  return jsonb_build_object('version', sup.version + 1);
end $$;

-- Only while it is still terminated: a spec posted meanwhile has revived the id.
create function headgate_mark_terminated(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
begin
  update supervisor set terminated_done = true, updated_at = clock_timestamp()
    where supervisor_id = sup.supervisor_id and desired = 'terminated' and not terminated_done;
  return jsonb_build_object('done', found);
end $$;

-- Stops publishing (protocol.md 7 and 8). The first reason stays until it is accepted: it is the one to look into. After
-- a restore the groups end as discarded: what they have read belongs to commits that Postgres has forgotten.
create function headgate_halt(input jsonb) returns jsonb
language plpgsql as $$
declare
  sup supervisor := headgate_lock_supervisor(input->>'supervisorId');
begin
  if sup.supervisor_id is null then
    return jsonb_build_object('halted', null);
  end if;
  if sup.halted is null then
    update supervisor set halted = jsonb_build_object('code', input->>'code', 'why', input->>'why',
        'atMs', headgate_ms(clock_timestamp()))
      where supervisor_id = sup.supervisor_id returning halted into sup.halted;
    if input->>'code' = 'METADATA_TIME_TRAVEL' then
      perform headgate_discard_all(sup.supervisor_id, headgate_live_sequences(sup.supervisor_id), 'restore');
    end if;
    perform headgate_notify_supervisor(sup.supervisor_id);
  end if;
  return jsonb_build_object('halted', sup.halted);
end $$;

-- What a caller remembers of commit_seq against what is stored, under the supervisor lock; a fall halts the supervisor.
-- Numbers of another timeline were accepted by the restore runbook and say nothing. Answers whether publishing is stopped.
create function headgate_check_time(sup supervisor, seen jsonb) returns jsonb
language plpgsql as $$
begin
  -- guard: time-travel
  if sup.halted is null and seen ? 'commitSeq' and (seen->>'commitSeq')::bigint > sup.commit_seq
     and coalesce(seen->>'timeline', sup.timeline::text) = sup.timeline::text then
    sup.halted := headgate_halt(jsonb_build_object('supervisorId', sup.supervisor_id,
      'code', 'METADATA_TIME_TRAVEL', 'why', format(
        'supervisor %s: commit %s was seen, Postgres now knows %s; it went back in time',
        sup.supervisor_id, seen->>'commitSeq', sup.commit_seq)))->'halted';
  end if;
  -- end guard
  if sup.halted is not null then
    return jsonb_build_object('kind', 'halted', 'halted', sup.halted);
  end if;
  return null;
end $$;
