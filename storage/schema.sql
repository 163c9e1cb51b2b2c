-- The schema after all migrations, for reading and for the difference in a review. Made from the catalogs of a
-- fresh database: `npx vitest run --project pg test/storage/schema --update`. Never edited, never executed.

create domain headgate_position as numeric CHECK (((VALUE >= (0)::numeric) AND (VALUE < 'Infinity'::numeric) AND (scale(VALUE) = 0)));

create table autoscaler (
  supervisor_id text collate "C" not null,
  state jsonb not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint autoscaler_pkey PRIMARY KEY (supervisor_id)
);

create table checkpoint (
  checkpoint_id uuid not null,
  number bigint generated always as identity not null,
  task_id text collate "C" not null,
  epoch bigint not null,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  replica integer not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint checkpoint_number_key UNIQUE (number),
  constraint checkpoint_pkey PRIMARY KEY (checkpoint_id),
  constraint checkpoint_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(task_id)
);
CREATE INDEX checkpoint_by_replica ON public.checkpoint USING btree (supervisor_id, group_id, generation, replica, number);

create table checkpoint_sequence (
  checkpoint_id uuid not null,
  sequence_id text collate "C" not null,
  replica integer not null,
  number bigint not null,
  positions jsonb not null,
  counters jsonb not null,
  files jsonb not null,
  constraint checkpoint_sequence_pkey PRIMARY KEY (checkpoint_id, sequence_id),
  constraint checkpoint_sequence_checkpoint_id_fkey FOREIGN KEY (checkpoint_id) REFERENCES checkpoint(checkpoint_id) ON DELETE CASCADE,
  constraint checkpoint_sequence_sequence_id_fkey FOREIGN KEY (sequence_id) REFERENCES sequence(sequence_id)
);
CREATE INDEX checkpoint_sequence_newest ON public.checkpoint_sequence USING btree (sequence_id, replica, number);

create table command (
  command_id text not null,
  supervisor_id text collate "C" not null,
  verb text not null,
  state text not null,
  outcome jsonb,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  input jsonb,
  by_whom text,
  constraint command_pkey PRIMARY KEY (command_id),
  constraint command_state_check CHECK ((state = ANY (ARRAY['accepted'::text, 'done'::text, 'refused'::text])))
);
CREATE INDEX command_newest ON public.command USING btree (supervisor_id, created_at DESC);

create table control (
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  request_no bigint default 0 not null,
  state text default 'run'::text not null,
  ordinal integer,
  lease_until timestamp with time zone,
  constraint control_pkey PRIMARY KEY (supervisor_id, group_id, generation),
  constraint control_supervisor_id_group_id_generation_fkey FOREIGN KEY (supervisor_id, group_id, generation) REFERENCES task_group(supervisor_id, group_id, generation),
  constraint control_state_check CHECK ((state = ANY (ARRAY['run'::text, 'pause'::text])))
);

create table control_answer (
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  request_no bigint not null,
  task_id text collate "C" not null,
  positions jsonb not null,
  answered_at timestamp with time zone default clock_timestamp() not null,
  constraint control_answer_pkey PRIMARY KEY (supervisor_id, group_id, generation, request_no, task_id)
);

create table delivered_letters (
  supervisor_id text collate "C" not null,
  spec_version integer not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  start_position headgate_position not null,
  delivered headgate_position not null,
  constraint delivered_letters_pkey PRIMARY KEY (supervisor_id, partition, incarnation, start_position, spec_version),
  constraint delivered_letters_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id)
);

create table gap (
  gap_id bigint generated always as identity not null,
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  start_position headgate_position not null,
  end_position headgate_position,
  why text not null,
  who text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint gap_pkey PRIMARY KEY (gap_id)
);
CREATE INDEX gap_by_partition ON public.gap USING btree (supervisor_id, stream, partition);
CREATE TRIGGER gap_append_only BEFORE DELETE OR UPDATE ON public.gap FOR EACH ROW EXECUTE FUNCTION headgate_forbid_change();

create table incarnation (
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  source_identity text not null,
  seeded_start headgate_position,
  closed_position headgate_position,
  why text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint incarnation_pkey PRIMARY KEY (supervisor_id, stream, partition, incarnation)
);
CREATE TRIGGER incarnation_stays BEFORE DELETE ON public.incarnation FOR EACH ROW EXECUTE FUNCTION headgate_forbid_change();
CREATE TRIGGER incarnation_written_once BEFORE UPDATE ON public.incarnation FOR EACH ROW EXECUTE FUNCTION headgate_incarnation_written_once();

create table parse_report (
  supervisor_id text collate "C" not null,
  digest text collate "C" not null,
  at timestamp with time zone not null,
  report jsonb not null,
  constraint parse_report_pkey PRIMARY KEY (supervisor_id, digest),
  constraint parse_report_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id)
);
CREATE INDEX parse_report_newest ON public.parse_report USING btree (supervisor_id, at DESC);

create table partition_state (
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  source_identity text not null,
  incarnation bigint default 1 not null,
  next_position headgate_position,
  state text default 'open'::text not null,
  constraint partition_state_pkey PRIMARY KEY (supervisor_id, stream, partition),
  constraint partition_state_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id),
  constraint partition_state_state_check CHECK ((state = ANY (ARRAY['open'::text, 'closed'::text, 'expired'::text])))
);
CREATE TRIGGER partition_state_has_reason AFTER INSERT OR UPDATE ON public.partition_state FOR EACH ROW EXECUTE FUNCTION headgate_position_has_reason();

create table publish (
  publish_id uuid not null,
  sequence_id text collate "C" not null,
  supervisor_id text collate "C" not null,
  term bigint not null,
  task_id text collate "C" not null,
  epoch bigint not null,
  commit_seq bigint not null,
  counters jsonb not null,
  published_at timestamp with time zone default clock_timestamp() not null,
  constraint publish_sequence_id_key UNIQUE (sequence_id),
  constraint publish_supervisor_id_commit_seq_key UNIQUE (supervisor_id, commit_seq),
  constraint publish_pkey PRIMARY KEY (publish_id),
  constraint publish_sequence_id_fkey FOREIGN KEY (sequence_id) REFERENCES sequence(sequence_id),
  constraint publish_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id),
  constraint publish_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(task_id)
);
CREATE INDEX publish_by_time ON public.publish USING btree (published_at);
CREATE TRIGGER publish_append_only BEFORE DELETE OR UPDATE ON public.publish FOR EACH ROW EXECUTE FUNCTION headgate_forbid_change();

create table publish_range (
  publish_id uuid not null,
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  incarnation bigint not null,
  start_position headgate_position not null,
  end_position headgate_position not null,
  constraint publish_range_pkey PRIMARY KEY (publish_id, stream, partition),
  constraint publish_range_publish_id_fkey FOREIGN KEY (publish_id) REFERENCES publish(publish_id),
  constraint publish_range_check CHECK (((end_position)::numeric >= (start_position)::numeric))
);
CREATE UNIQUE INDEX publish_range_by_start ON public.publish_range USING btree (supervisor_id, stream, partition, incarnation, start_position) WHERE ((end_position)::numeric > (start_position)::numeric);
CREATE TRIGGER publish_range_append_only BEFORE DELETE OR UPDATE ON public.publish_range FOR EACH ROW EXECUTE FUNCTION headgate_forbid_change();
CREATE TRIGGER publish_range_disjoint AFTER INSERT ON public.publish_range REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION headgate_ranges_disjoint();

create table reset (
  reset_id text not null,
  supervisor_id text collate "C" not null,
  kind text not null,
  why text not null,
  who text not null,
  answer jsonb not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint reset_pkey PRIMARY KEY (reset_id),
  constraint reset_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id)
);

create table schema_migration (
  version integer not null,
  name text not null,
  breaks_older_code boolean not null,
  applied_at timestamp with time zone default clock_timestamp() not null,
  constraint schema_migration_pkey PRIMARY KEY (version)
);

create table segment (
  segment_id text collate "C" not null,
  publish_id uuid not null,
  supervisor_id text collate "C" not null,
  data_source text collate "C" not null,
  start_at timestamp with time zone not null,
  end_at timestamp with time zone not null,
  version text not null,
  partition_num integer not null,
  path text collate "C" not null,
  sha256 text not null,
  size bigint not null,
  rows bigint not null,
  columns jsonb not null,
  used boolean default true not null,
  unused_at timestamp with time zone,
  created_at timestamp with time zone default clock_timestamp() not null,
  shape text collate "C" default md5((columns)::text),
  constraint segment_data_source_start_at_end_at_version_partition_num_key UNIQUE (data_source, start_at, end_at, version, partition_num),
  constraint segment_path_key UNIQUE (path),
  constraint segment_pkey PRIMARY KEY (segment_id),
  constraint segment_publish_id_fkey FOREIGN KEY (publish_id) REFERENCES publish(publish_id)
);
CREATE INDEX segment_by_creation ON public.segment USING btree (created_at) WHERE used;
CREATE INDEX segment_by_interval ON public.segment USING gist (tstzrange(start_at, end_at, '[]'::text)) WHERE used;
CREATE INDEX segment_by_publish ON public.segment USING btree (publish_id);
CREATE INDEX segment_by_shape ON public.segment USING btree (data_source, shape) WHERE used;
CREATE INDEX segment_unused ON public.segment USING btree (unused_at) WHERE (NOT used);

create table segment_check (
  segment_id text collate "C" not null,
  checked_at timestamp with time zone default clock_timestamp() not null,
  problem text,
  statistics jsonb default '{}'::jsonb not null,
  constraint segment_check_pkey PRIMARY KEY (segment_id),
  constraint segment_check_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segment(segment_id) ON DELETE CASCADE
);
CREATE INDEX segment_check_problem ON public.segment_check USING btree (checked_at) WHERE (problem IS NOT NULL);

create table segment_check_claim (
  segment_id text collate "C" not null,
  worker_id text collate "C" not null,
  until_at timestamp with time zone not null,
  constraint segment_check_claim_pkey PRIMARY KEY (segment_id),
  constraint segment_check_claim_segment_id_fkey FOREIGN KEY (segment_id) REFERENCES segment(segment_id) ON DELETE CASCADE
);
CREATE INDEX segment_check_claim_by_end ON public.segment_check_claim USING btree (until_at);

create table sequence (
  sequence_id text collate "C" not null,
  number bigint generated always as identity not null,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  ordinal integer not null,
  term bigint not null,
  state text default 'open'::text not null,
  final boolean default false not null,
  spec_version integer not null,
  window_min_ms bigint,
  window_max_ms bigint,
  counters jsonb,
  discard_why text,
  created_at timestamp with time zone default clock_timestamp() not null,
  ended_at timestamp with time zone,
  published_at timestamp with time zone,
  discarded_at timestamp with time zone,
  constraint sequence_number_key UNIQUE (number),
  constraint sequence_supervisor_id_group_id_generation_ordinal_key UNIQUE (supervisor_id, group_id, generation, ordinal),
  constraint sequence_pkey PRIMARY KEY (sequence_id),
  constraint sequence_supervisor_id_group_id_generation_fkey FOREIGN KEY (supervisor_id, group_id, generation) REFERENCES task_group(supervisor_id, group_id, generation),
  constraint sequence_ordinal_check CHECK ((ordinal >= 0)),
  constraint sequence_state_check CHECK ((state = ANY (ARRAY['open'::text, 'ended'::text, 'published'::text, 'discarded'::text])))
);
CREATE INDEX sequence_live ON public.sequence USING btree (supervisor_id, number) WHERE (state = ANY (ARRAY['open'::text, 'ended'::text]));
CREATE TRIGGER sequence_moves_forward BEFORE UPDATE ON public.sequence FOR EACH ROW EXECUTE FUNCTION headgate_sequence_moves_forward();

create table sequence_partition (
  sequence_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  start_position headgate_position not null,
  end_position headgate_position,
  incarnation bigint not null,
  predecessor_id text collate "C",
  constraint sequence_partition_pkey PRIMARY KEY (sequence_id, stream, partition),
  constraint sequence_partition_predecessor_id_fkey FOREIGN KEY (predecessor_id) REFERENCES sequence(sequence_id),
  constraint sequence_partition_sequence_id_fkey FOREIGN KEY (sequence_id) REFERENCES sequence(sequence_id),
  constraint sequence_partition_check CHECK (((end_position)::numeric >= (start_position)::numeric))
);
CREATE INDEX sequence_partition_successors ON public.sequence_partition USING btree (predecessor_id) WHERE (predecessor_id IS NOT NULL);
CREATE TRIGGER sequence_partition_ends_once BEFORE DELETE OR UPDATE ON public.sequence_partition FOR EACH ROW EXECUTE FUNCTION headgate_ends_written_once();

create table stream_position (
  supervisor_id text collate "C" not null,
  stream text collate "C" not null,
  partition text collate "C" not null,
  earliest_position headgate_position,
  latest_position headgate_position,
  current_position headgate_position,
  updated_at timestamp with time zone default clock_timestamp() not null,
  lag_ms bigint,
  constraint stream_position_pkey PRIMARY KEY (supervisor_id, stream, partition)
);

create table supervisor (
  supervisor_id text collate "C" not null,
  data_source text not null,
  term bigint default 1 not null,
  commit_seq bigint default 0 not null,
  timeline uuid default gen_random_uuid() not null,
  desired text not null,
  version integer default 0 not null,
  terminated_done boolean default false not null,
  halted jsonb,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint supervisor_pkey PRIMARY KEY (supervisor_id),
  constraint supervisor_desired_check CHECK ((desired = ANY (ARRAY['running'::text, 'suspended'::text, 'terminated'::text])))
);
CREATE TRIGGER supervisor_never_falls BEFORE UPDATE ON public.supervisor FOR EACH ROW EXECUTE FUNCTION headgate_supervisor_never_falls();

create table supervisor_event (
  event_id bigint default nextval('supervisor_event_event_id_seq'::regclass) not null,
  supervisor_id text collate "C" not null,
  at timestamp with time zone default clock_timestamp() not null,
  kind text not null,
  group_id integer,
  generation integer,
  task_id text collate "C",
  text text not null,
  details jsonb default '{}'::jsonb not null,
  event_key text collate "C",
  constraint supervisor_event_event_key_key UNIQUE (event_key),
  constraint supervisor_event_pkey PRIMARY KEY (event_id)
);
CREATE INDEX supervisor_event_newest ON public.supervisor_event USING btree (supervisor_id, event_id DESC);

create table supervisor_status (
  supervisor_id text collate "C" not null,
  status jsonb not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint supervisor_status_pkey PRIMARY KEY (supervisor_id),
  constraint supervisor_status_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id)
);

create table supervisor_version (
  supervisor_id text collate "C" not null,
  version integer not null,
  data_source text not null,
  spec_text text,
  created_by text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  takes_effect text default 'now'::text not null,
  step_key text collate "C",
  constraint supervisor_version_pkey PRIMARY KEY (supervisor_id, version),
  constraint supervisor_version_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id),
  constraint supervisor_version_takes_effect_check CHECK ((takes_effect = ANY (ARRAY['now'::text, 'next'::text, 'nothing'::text])))
);
CREATE UNIQUE INDEX supervisor_version_step ON public.supervisor_version USING btree (supervisor_id, step_key) WHERE (step_key IS NOT NULL);
CREATE TRIGGER supervisor_version_append_only BEFORE DELETE OR UPDATE ON public.supervisor_version FOR EACH ROW EXECUTE FUNCTION headgate_forbid_change();

create table task (
  task_id text collate "C" not null,
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  replica integer not null,
  state text default 'RUNNING'::text not null,
  error text,
  counted boolean default false not null,
  attempts integer default 0 not null,
  worker_id text,
  replaces_task_id text collate "C",
  created_at timestamp with time zone default clock_timestamp() not null,
  ended_at timestamp with time zone,
  furthest numeric default 0 not null,
  fruitless_attempts integer default 0 not null,
  unanswered_pauses integer default 0 not null,
  constraint task_replaces_task_id_key UNIQUE (replaces_task_id),
  constraint task_pkey PRIMARY KEY (task_id),
  constraint task_replaces_task_id_fkey FOREIGN KEY (replaces_task_id) REFERENCES task(task_id),
  constraint task_supervisor_id_group_id_generation_fkey FOREIGN KEY (supervisor_id, group_id, generation) REFERENCES task_group(supervisor_id, group_id, generation),
  constraint task_replica_check CHECK ((replica >= 0)),
  constraint task_state_check CHECK ((state = ANY (ARRAY['RUNNING'::text, 'SUCCESS'::text, 'FAILED'::text])))
);
CREATE INDEX task_by_creation ON public.task USING btree (created_at DESC);
CREATE INDEX task_by_end ON public.task USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX task_by_generation ON public.task USING btree (supervisor_id, group_id, generation);
CREATE UNIQUE INDEX task_running ON public.task USING btree (supervisor_id, group_id, generation, replica) WHERE (state = 'RUNNING'::text);

create table task_attempt (
  task_id text collate "C" not null,
  epoch bigint not null,
  records_read bigint not null,
  started_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  worker_id text collate "C",
  ending text,
  error text,
  ended_at timestamp with time zone,
  constraint task_attempt_pkey PRIMARY KEY (task_id, epoch),
  constraint task_attempt_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(task_id),
  constraint task_attempt_ending_check CHECK ((ending = ANY (ARRAY['failed'::text, 'lost'::text, 'handedOver'::text, 'cancelled'::text, 'gaveWay'::text])))
);

create table task_group (
  supervisor_id text collate "C" not null,
  group_id integer not null,
  generation integer not null,
  term bigint not null,
  spec_version integer not null,
  data_source text not null,
  stream text collate "C" not null,
  base_sequence_name text not null,
  replicas integer not null,
  partitions text[] not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  constraint task_group_pkey PRIMARY KEY (supervisor_id, group_id, generation),
  constraint task_group_supervisor_id_fkey FOREIGN KEY (supervisor_id) REFERENCES supervisor(supervisor_id),
  constraint task_group_generation_check CHECK ((generation > 0)),
  constraint task_group_group_id_check CHECK ((group_id >= 0)),
  constraint task_group_replicas_check CHECK ((replicas > 0))
);

create table task_lease (
  task_id text collate "C" not null,
  epoch bigint default 0 not null,
  token uuid default gen_random_uuid() not null,
  activity_run text,
  attempt integer,
  acquired_at timestamp with time zone,
  constraint task_lease_pkey PRIMARY KEY (task_id),
  constraint task_lease_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(task_id)
);
CREATE TRIGGER task_lease_never_falls BEFORE UPDATE ON public.task_lease FOR EACH ROW EXECUTE FUNCTION headgate_lease_never_falls();

create table task_progress (
  task_id text collate "C" not null,
  epoch bigint not null,
  positions jsonb not null,
  counters jsonb not null,
  rates jsonb not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint task_progress_pkey PRIMARY KEY (task_id),
  constraint task_progress_task_id_fkey FOREIGN KEY (task_id) REFERENCES task(task_id)
);

create table time_chunk (
  data_source text collate "C" not null,
  start_at timestamp with time zone not null,
  end_at timestamp with time zone not null,
  version text not null,
  next_num integer default 0 not null,
  constraint time_chunk_pkey PRIMARY KEY (data_source, start_at, end_at)
);

create table upload_intent (
  path text collate "C" not null,
  task_id text collate "C" not null,
  epoch bigint not null,
  kind text not null,
  state text default 'pending'::text not null,
  created_at timestamp with time zone default clock_timestamp() not null,
  updated_at timestamp with time zone default clock_timestamp() not null,
  constraint upload_intent_pkey PRIMARY KEY (path),
  constraint upload_intent_kind_check CHECK ((kind = ANY (ARRAY['publish'::text, 'checkpoint'::text]))),
  constraint upload_intent_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'published'::text, 'reaped'::text])))
);
CREATE INDEX upload_intent_pending ON public.upload_intent USING btree (updated_at) WHERE (state = 'pending'::text);

create table worker (
  worker_id text not null,
  role text not null,
  address text,
  token text,
  started_at timestamp with time zone default clock_timestamp() not null,
  seen_at timestamp with time zone default clock_timestamp() not null,
  slots integer,
  constraint worker_pkey PRIMARY KEY (worker_id)
);

-- function headgate_accept_restore(input jsonb) returns jsonb [0009-resets.sql c290c579]
-- function headgate_acquire(input jsonb) returns jsonb [0019-groups.sql 3165497d]
-- function headgate_adopt(input jsonb) returns jsonb [0006-checkpoints.sql 234bab1f]
-- function headgate_answer_pause(input jsonb) returns jsonb [0019-groups.sql 7d149537]
-- function headgate_check_invariant(input jsonb) returns jsonb [0011-invariants.sql 06d8ac83]
-- function headgate_check_time(sup supervisor, seen jsonb) returns jsonb [0001-supervisors.sql b390b3c2]
-- function headgate_checkpoint_json(wanted checkpoint) returns jsonb [0006-checkpoints.sql a7ad27b4]
-- function headgate_close_attempt(reader task, lease task_lease) returns jsonb [0019-groups.sql 264688f1]
-- function headgate_commit(input jsonb) returns jsonb [0007-publish.sql 8d8553a8]
-- function headgate_compare_positions(seq sequence, ranges jsonb) returns jsonb [0007-publish.sql 402c5e55]
-- function headgate_create_generation(input jsonb) returns jsonb [0003-generations.sql 72c871a1]
-- function headgate_declare_gap(closed incarnation, gap_end headgate_position, reason text, actor text) returns void [0017-resets.sql f935d7ee]
-- function headgate_discard(input jsonb) returns jsonb [0008-discard.sql fd40ba31]
-- function headgate_discard_all(sup_id text, doomed text[], reason text) returns jsonb [0008-discard.sql 76f36936]
-- function headgate_end_sequence(input jsonb) returns jsonb [0019-groups.sql bcf7794b]
-- function headgate_ends_written_once() returns trigger [0003-generations.sql c6627b77]
-- function headgate_finish_task(input jsonb) returns jsonb [0005-attempts.sql 50e1ffb2]
-- function headgate_forbid_change() returns trigger [0007-publish.sql 3b9c9675]
-- function headgate_forced_stop(input jsonb) returns jsonb [0009-resets.sql 9f3c60e6]
-- function headgate_full_reset(input jsonb) returns jsonb [0017-resets.sql 0a9b9ade]
-- function headgate_generation_json(wanted task_group) returns jsonb [0003-generations.sql 0a30ea24]
-- function headgate_halt(input jsonb) returns jsonb [0001-supervisors.sql e83f807a]
-- function headgate_holds_lease(lease jsonb) returns boolean [0004-control.sql 2e5570dd]
-- function headgate_incarnation_written_once() returns trigger [0007-publish.sql fd709a1d]
-- function headgate_insert_checkpoint(input jsonb) returns jsonb [0006-checkpoints.sql 4da2e50a]
-- function headgate_insert_intents(input jsonb) returns jsonb [0006-checkpoints.sql a7750389]
-- function headgate_insert_segments(seq sequence, source text, publish uuid, segments jsonb) returns void [0007-publish.sql 71d62327]
-- function headgate_instant(ms bigint) returns timestamp with time zone [0007-publish.sql a1126a6c]
-- function headgate_invariant_i1(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 8351157f]
-- function headgate_invariant_i10(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 629efe2f]
-- function headgate_invariant_i13(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 9d289b37]
-- function headgate_invariant_i14(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql da7b7b62]
-- function headgate_invariant_i16(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 9b28df25]
-- function headgate_invariant_i17(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 19a19933]
-- function headgate_invariant_i18(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql eae3d4ea]
-- function headgate_invariant_i19(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 94fd0297]
-- function headgate_invariant_i2(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql d86287bd]
-- function headgate_invariant_i20(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql ea28ebe3]
-- function headgate_invariant_i3(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql cce05e22]
-- function headgate_invariant_i4(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 609a2e06]
-- function headgate_invariant_i5(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 77b7bcb1]
-- function headgate_invariant_i6(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql 8603375d]
-- function headgate_invariant_i7(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql f053a1fc]
-- function headgate_invariant_i8(since timestamp with time zone) returns TABLE(supervisor_id text, detail text) [0011-invariants.sql aaf3c2f7]
-- function headgate_iso(instant timestamp with time zone) returns text [0007-publish.sql 5180a5bb]
-- function headgate_lease_never_falls() returns trigger [0003-generations.sql a62f2611]
-- function headgate_letters_delivered(input jsonb) returns jsonb [0015-letter-ranges.sql c0cacf97]
-- function headgate_live_attempts() returns TABLE(task_id text, epoch bigint) [0010-reaper.sql 3c4fb88a]
-- function headgate_live_paths(sequences jsonb) returns text[] [0006-checkpoints.sql a9871798]
-- function headgate_live_sequences(sup_id text) returns text[] [0009-resets.sql b34f79ba]
-- function headgate_lock_pending(paths text[], owner_task text, owner_epoch bigint, wanted_kind text) returns integer [0006-checkpoints.sql d3ce6513]
-- function headgate_lock_supervisor(wanted text) returns supervisor [0001-supervisors.sql 1b982b0b]
-- function headgate_mark_terminated(input jsonb) returns jsonb [0001-supervisors.sql 112cbf8f]
-- function headgate_move_positions(sup_id text, targets jsonb, reason text, actor text) returns jsonb [0017-resets.sql 791701ec]
-- function headgate_moved_targets(sup_id text, targets jsonb) returns text [0017-resets.sql 552bba5c]
-- function headgate_ms(instant timestamp with time zone) returns bigint [0001-supervisors.sql acb96ad4]
-- function headgate_newest_checkpoint(reader task) returns jsonb [0006-checkpoints.sql 94e64b6f]
-- function headgate_note_ending(input jsonb) returns jsonb [0019-groups.sql d64d42df]
-- function headgate_note_jump(sup_id text, stream_name text, part text, new_incarnation bigint, new_start headgate_position, new_identity text, reason text, actor text) returns jsonb [0017-resets.sql eef05889]
-- function headgate_note_parse_reports(input jsonb) returns jsonb [0014-bad-records.sql 0f5b4c5d]
-- function headgate_note_unanswered(input jsonb) returns jsonb [0019-groups.sql 828c112f]
-- function headgate_notify_control(sup_id text, group_no integer, generation_no integer) returns void [0003-generations.sql 4d077e8f]
-- function headgate_notify_pausing(sup_id text, group_no integer, generation_no integer, what text) returns void [0019-groups.sql 0a4c2b95]
-- function headgate_notify_supervisor(changed text) returns void [0001-supervisors.sql 4a0d8fac]
-- function headgate_partial_reset(input jsonb) returns jsonb [0017-resets.sql b1531ad6]
-- function headgate_position_has_reason() returns trigger [0007-publish.sql 6849d85b]
-- function headgate_protected_paths() returns SETOF text [0010-reaper.sql 10a387b6]
-- function headgate_published_again(sup_id text, targets jsonb) returns jsonb [0017-resets.sql 7ac5f0bc]
-- function headgate_published_between(sup_id text, stream_name text, part text, from_position numeric, to_position numeric, identity text) returns jsonb [0017-resets.sql be7a205d]
-- function headgate_ranges_disjoint() returns trigger [0007-publish.sql cd1cc1db]
-- function headgate_reached(seq sequence, request_no_wanted bigint) returns TABLE(partition text, reached numeric) [0004-control.sql 215c643b]
-- function headgate_reap_intents(input jsonb) returns jsonb [0010-reaper.sql 19dca61a]
-- function headgate_reapable(grace interval) returns SETOF text [0010-reaper.sql e48d72c2]
-- function headgate_record_progress(input jsonb) returns jsonb [0019-groups.sql d87ddf88]
-- function headgate_rehearse_reset(input jsonb) returns jsonb [0017-resets.sql 5023a086]
-- function headgate_remember_reset(input jsonb, sup_id text, reset_kind text, answer jsonb) returns jsonb [0017-resets.sql 124fe40d]
-- function headgate_replace_task(input jsonb) returns jsonb [0005-attempts.sql 0060d2aa]
-- function headgate_report_seen(input jsonb) returns jsonb [0009-resets.sql 40e0960a]
-- function headgate_reposition_targets(input jsonb, sup_id text, targets jsonb, doomed text[]) returns jsonb [0017-resets.sql 7b98f4e3]
-- function headgate_request_pause(input jsonb) returns jsonb [0019-groups.sql e3dd6734]
-- function headgate_reset_and_backfill(input jsonb) returns jsonb [0017-resets.sql 06330285]
-- function headgate_resume_after_lease(input jsonb) returns jsonb [0004-control.sql ea607aed]
-- function headgate_retire_segments(input jsonb) returns jsonb [0010-reaper.sql 965dd9eb]
-- function headgate_scale(input jsonb) returns jsonb [0018-autoscale.sql 23c88ae4]
-- function headgate_seed_partitions(input jsonb) returns jsonb [0002-partitions.sql f3d495e7]
-- function headgate_sequence_json(wanted sequence) returns jsonb [0003-generations.sql df4604a6]
-- function headgate_sequence_moves_forward() returns trigger [0003-generations.sql 5c42fb8d]
-- function headgate_settle_targets(sup_id text, targets jsonb, new_identity text) returns jsonb [0017-resets.sql 19ca575b]
-- function headgate_store_tombstone(input jsonb) returns jsonb [0001-supervisors.sql 106c71e2]
-- function headgate_store_version(input jsonb) returns jsonb [0016-operator.sql 83b5648c]
-- function headgate_sum_of(positions jsonb) returns numeric [0019-groups.sql f272fe0e]
-- function headgate_supervisor_never_falls() returns trigger [0001-supervisors.sql ab324b9e]
-- function headgate_task_json(wanted task) returns jsonb [0019-groups.sql a248bf72]
-- function headgate_unknown_partitions(sup_id text, targets jsonb) returns text [0009-resets.sql 033058d9]
-- function headgate_unpublished_reads(doomed text[]) returns jsonb [0017-resets.sql ab288abf]
-- function headgate_violation(what text) returns void [0001-supervisors.sql a3ca655e]
-- function headgate_with_successors(roots text[]) returns text[] [0008-discard.sql 46d73c52]
