/** Supervisors and their spec versions: what should run, since when, by whom. Positions survive a terminate (protocol.md 5). */
import type { Json } from '../domain/json.ts';
import type { SupervisorStatus } from '../domain/supervisor/status.ts';
import { type Database, call, callForRow, query, unknownThing } from './call.ts';
import { type Row, booleanOf, numberOf, rowOf, textOf, textOrNull, wordOf } from './decode.ts';

/** When generations of older versions make way for a version: at once, at their next rollover, or not because of it. */
export type TakesEffect = 'now' | 'next' | 'nothing';

export type SupervisorRow = {
  readonly supervisorId: string;
  readonly dataSource: string;
  readonly term: string;
  readonly commitSeq: string;
  readonly timeline: string;
  readonly desired: 'running' | 'suspended' | 'terminated';
  readonly version: number;
  /** The newest version that took effect at once: generations of older ones make way. */
  readonly effectiveVersion: number;
  /** Of the newest version; null is a tombstone. */
  readonly specText: string | null;
  readonly status: SupervisorStatus | null;
  readonly terminatedDone: boolean;
  /** Why publishing is stopped (protocol.md 7 and 8); null: it is not. */
  readonly halted: { readonly code: string; readonly why: string; readonly atMs: number } | null;
  readonly updatedAtMs: number;
};

export type VersionRow = {
  readonly supervisorId: string;
  readonly version: number;
  readonly specText: string | null;
  readonly atMs: number;
  readonly by: string;
};

/**
 * A new version of the spec; also revives a terminated id, which goes on from its stored positions. `created`: the id
 * was not there, or terminated. `onlyIfChanged` makes a repeat of the newest version answer that version.
 */
export async function storeSupervisorVersion(
  database: Database,
  input: {
    supervisorId: string;
    dataSource: string;
    specText: string;
    by: string;
    desired: 'running' | 'suspended';
    takesEffect?: TakesEffect;
    onlyIfChanged?: boolean;
  },
): Promise<{ version: number; created: boolean }> {
  const answer = await callForRow(database, 'store_version', input);
  return { version: numberOf(answer, 'version'), created: booleanOf(answer, 'created') };
}

/** An edit of version `expectedVersion` (0: no such id yet); `overtaken` when another version is the newest by now. */
export async function replaceSupervisorVersion(
  database: Database,
  input: {
    supervisorId: string;
    dataSource: string;
    specText: string;
    by: string;
    desired: 'running' | 'suspended';
    takesEffect?: TakesEffect;
    expectedVersion: number;
  },
): Promise<{ kind: 'stored' | 'overtaken'; version: number }> {
  const answer = await callForRow(database, 'store_version', input);
  return {
    kind: answer['kind'] === 'overtaken' ? 'overtaken' : 'stored',
    version: numberOf(answer, 'version'),
  };
}

/** Null: no such supervisor. A repeat answers the tombstone that is there. */
export async function storeTombstone(
  database: Database,
  input: { supervisorId: string; by: string },
): Promise<{ version: number } | null> {
  const answer = await call(database, 'store_tombstone', input);
  return answer === null ? null : { version: numberOf(rowOf(answer), 'version') };
}

/** `s` is the supervisor; see `supervisorTables`. */
export const supervisorColumns = `s.supervisor_id, s.data_source, s.term, s.commit_seq, s.timeline, s.desired, s.version, v.spec_text,
    st.status, s.terminated_done, s.halted, headgate_ms(s.updated_at) as updated_at_ms,
    (select coalesce(max(e.version), 0) from supervisor_version e
     where e.supervisor_id = s.supervisor_id and e.takes_effect = 'now') as effective_version`;

export const supervisorTables = `
  from supervisor s
  left join supervisor_version v on v.supervisor_id = s.supervisor_id and v.version = s.version
  left join supervisor_status st on st.supervisor_id = s.supervisor_id`;

export async function readSupervisor(
  database: Database,
  supervisorId: string,
): Promise<SupervisorRow | null> {
  const { rows } = await query(
    database,
    `select ${supervisorColumns} ${supervisorTables} where s.supervisor_id = $1`,
    [supervisorId],
  );
  return rows[0] === undefined ? null : supervisorOf(rows[0]);
}

export async function listSupervisors(database: Database): Promise<SupervisorRow[]> {
  const { rows } = await query(
    database,
    `select ${supervisorColumns} ${supervisorTables} order by s.supervisor_id`,
  );
  return rows.map(supervisorOf);
}

export function supervisorOf(row: Row): SupervisorRow {
  const halted = row['halted'] === null ? null : rowOf(row['halted']);
  return {
    supervisorId: textOf(row, 'supervisor_id'),
    dataSource: textOf(row, 'data_source'),
    term: textOf(row, 'term'),
    commitSeq: textOf(row, 'commit_seq'),
    timeline: textOf(row, 'timeline'),
    desired: wordOf(row, 'desired', ['running', 'suspended', 'terminated']),
    version: numberOf(row, 'version'),
    effectiveVersion: numberOf(row, 'effective_version'),
    specText: textOrNull(row, 'spec_text'),
    // Written only by writeSupervisorStatus, hence of its type.
    status: row['status'] as SupervisorStatus | null,
    terminatedDone: booleanOf(row, 'terminated_done'),
    halted: halted && {
      code: textOf(halted, 'code'),
      why: textOf(halted, 'why'),
      atMs: numberOf(halted, 'atMs'),
    },
    updatedAtMs: numberOf(row, 'updated_at_ms'),
  };
}

/** Null: no such version. */
export async function readSpecVersion(
  database: Database,
  supervisorId: string,
  version: number,
): Promise<{ specText: string | null } | null> {
  const { rows } = await query(
    database,
    `select spec_text from supervisor_version where supervisor_id = $1 and version = $2`,
    [supervisorId, version],
  );
  return rows[0] === undefined ? null : { specText: textOrNull(rows[0], 'spec_text') };
}

/** Newest first; null: of all supervisors. */
export async function supervisorHistory(
  database: Database,
  supervisorId: string | null,
): Promise<VersionRow[]> {
  const { rows } = await query(
    database,
    `select supervisor_id, version, spec_text, headgate_ms(created_at) as at_ms, created_by
     from supervisor_version
     where $1::text is null or supervisor_id = $1
     order by supervisor_id, version desc`,
    [supervisorId],
  );
  return rows.map((row) => ({
    supervisorId: textOf(row, 'supervisor_id'),
    version: numberOf(row, 'version'),
    specText: textOrNull(row, 'spec_text'),
    atMs: numberOf(row, 'at_ms'),
    by: textOf(row, 'created_by'),
  }));
}

/** When each version after `version` makes older generations make way, oldest first. */
export async function versionEffects(
  database: Database,
  supervisorId: string,
  version: number,
): Promise<{ readonly version: number; readonly takesEffect: TakesEffect }[]> {
  const { rows } = await query(
    database,
    `select version, takes_effect from supervisor_version where supervisor_id = $1 and version > $2 order by version`,
    [supervisorId, version],
  );
  return rows.map((row) => ({
    version: numberOf(row, 'version'),
    takesEffect: wordOf(row, 'takes_effect', ['now', 'next', 'nothing']),
  }));
}

/** In a table of its own: a status must never wait for a commit. */
export async function writeSupervisorStatus(
  database: Database,
  supervisorId: string,
  status: SupervisorStatus,
): Promise<void> {
  await query(
    database,
    `insert into supervisor_status (supervisor_id, status) values ($1, $2)
     on conflict (supervisor_id) do update set status = excluded.status, updated_at = clock_timestamp()`,
    [supervisorId, JSON.stringify(status)],
  );
}

/** The workflow has finished stopping. Nothing happens when a spec has revived the id meanwhile. */
export async function markTerminated(database: Database, supervisorId: string): Promise<void> {
  await callForRow(database, 'mark_terminated', { supervisorId });
}

export type CommandRow = {
  readonly commandId: string;
  readonly supervisorId: string;
  readonly verb: string;
  readonly input: Json;
  readonly by: string | null;
  readonly state: 'accepted' | 'done' | 'refused';
  readonly outcome: Json;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** What becomes of an order. `first`: this id was not there before. An outcome, once written, stays. */
export async function recordCommand(
  database: Database,
  command: {
    commandId: string;
    supervisorId: string;
    verb: string;
    state: 'accepted' | 'done' | 'refused';
    outcome?: Json;
    input?: Json;
    by?: string;
  },
): Promise<{ first: boolean }> {
  const { rows } = await query(
    database,
    `insert into command (command_id, supervisor_id, verb, state, outcome, input, by_whom)
       values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (command_id) do update
       set state = excluded.state, outcome = excluded.outcome, updated_at = clock_timestamp()
       where command.state = 'accepted' and excluded.state <> 'accepted'
     returning xmax = 0 as first`,
    [
      command.commandId,
      command.supervisorId,
      command.verb,
      command.state,
      command.outcome === undefined ? null : JSON.stringify(command.outcome),
      command.input === undefined ? null : JSON.stringify(command.input),
      command.by ?? null,
    ],
  );
  return { first: rows[0] !== undefined && booleanOf(rows[0], 'first') };
}

const commandColumns = `
  select command_id, supervisor_id, verb, state, outcome, input, by_whom, headgate_ms(created_at) as created_at_ms,
    headgate_ms(updated_at) as updated_at_ms
  from command`;

export async function readCommand(database: Database, commandId: string): Promise<CommandRow | null> {
  const { rows } = await query(database, `${commandColumns} where command_id = $1`, [commandId]);
  return rows[0] === undefined ? null : commandOf(rows[0]);
}

/** The newest orders of a supervisor, newest first. */
export async function listCommands(
  database: Database,
  supervisorId: string,
  options: { readonly limit: number },
): Promise<CommandRow[]> {
  const { rows } = await query(
    database,
    `${commandColumns} where supervisor_id = $1 order by created_at desc, command_id limit $2`,
    [supervisorId, options.limit],
  );
  return rows.map(commandOf);
}

function commandOf(row: Row): CommandRow {
  return {
    commandId: textOf(row, 'command_id'),
    supervisorId: textOf(row, 'supervisor_id'),
    verb: textOf(row, 'verb'),
    input: row['input'] as Json,
    by: textOrNull(row, 'by_whom'),
    state: wordOf(row, 'state', ['accepted', 'done', 'refused']),
    outcome: row['outcome'] as Json,
    createdAtMs: numberOf(row, 'created_at_ms'),
    updatedAtMs: numberOf(row, 'updated_at_ms'),
  };
}

/** Stops publishing for one supervisor until an operator accepts it; the first reason stays (protocol.md 8). */
export async function haltSupervisor(
  database: Database,
  input: { supervisorId: string; code: 'METADATA_TIME_TRAVEL' | 'INVARIANT_VIOLATED'; why: string },
): Promise<void> {
  const answer = await callForRow(database, 'halt', input);
  if (answer['halted'] === null) throw unknownThing(`supervisor ${input.supervisorId}`);
}
