/** A supervisor in words: the status people and the API read, and the page in the Temporal UI. */
import { steadyOf } from './evolve.ts';
import { thresholds } from './health.ts';
import type { Health } from './health.ts';
import { isTroubled, stuckTask } from './observation.ts';
import type { Observation, ObservedGroup, Seen } from './observation.ts';
import { waitsFor } from './plan.ts';
import type { IdleWatch, Known, SupervisorState } from './state.ts';
import type { SupervisorStatus } from './status.ts';
import { detailedStateFacts } from './status.ts';

export function statusOf(
  known: Known,
  health: Health,
  observation: Observation | null,
  nowMs: number,
): SupervisorStatus {
  const facts = detailedStateFacts[health.detailed];
  const { reason, remedy: inGeneral } = sentence(known, health, observation, nowMs);
  // To be copied: remedies are written without knowing whose they are.
  const remedy = inGeneral?.replaceAll('<id>', known.supervisorId) ?? null;
  return {
    state: facts.state,
    detailedState: health.detailed,
    healthy: facts.healthy,
    suspended: known.desired === 'suspended',
    reason,
    remedy,
    recentErrors: health.errors,
    asOfMs: nowMs,
  };
}

/** Equal but for the time: not worth a line of history or a write. */
export function sameStatus(left: SupervisorStatus, right: SupervisorStatus): boolean {
  return JSON.stringify({ ...left, asOfMs: 0 }) === JSON.stringify({ ...right, asOfMs: 0 });
}

type Sentence = { readonly reason: string; readonly remedy: string | null };

function sentence(known: Known, health: Health, observation: Observation | null, nowMs: number): Sentence {
  if (!observation) return { reason: 'starting', remedy: null };
  if (observation.kind === 'blind')
    return {
      reason: `Postgres does not answer: ${observation.error.message}`,
      remedy: 'check Postgres; nothing is lost, everything goes on when it answers',
    };
  if (observation.halted)
    return {
      reason: `publishing is stopped: ${observation.halted}`,
      remedy: 'run `headgate doctor` and compare with a backup before anything else',
    };
  const [trouble] = observation.troubles;
  if (trouble) return { reason: trouble.message, remedy: trouble.remedy };
  if (observation.stream.kind === 'failed')
    return {
      reason: observation.stream.error.message,
      remedy: streamRemedy(observation.stream.error.code),
    };
  const stuck = stuckTask(observation);
  if (stuck !== null)
    return {
      reason: stuck,
      remedy: remedyOf(
        stuck,
        'mend what the message says; `headgate tasks` has its log, and the next attempt goes on from the last checkpoint',
      ),
    };
  if (health.detailed === 'UNHEALTHY_TASKS') return tasksFailed(health, observation);
  const now = reading(known, observation, nowMs);
  return { reason: isHealing(health) ? `${now}; ${healing(health)}` : now, remedy: null };
}

/** Nothing is wrong any more, but not for long enough to be called healthy. */
function isHealing(health: Health): boolean {
  return !detailedStateFacts[health.detailed].healthy && health.hitRuns;
}

function healing({ errors, successRuns }: Health): string {
  const last = errors.at(-1);
  const what =
    last === undefined ? 'runs failed' : `the last error was at ${last.timestamp}: ${last.message}`;
  return `it was in trouble, and is called healthy after ${thresholds.healthiness} good runs, ${successRuns} so far (${what})`;
}

function tasksFailed(health: Health, seen: Seen): Sentence {
  const errors = seen.groups.flatMap((group) => group.live.map((live) => live.lastError));
  const newest = errors.findLast((error) => error !== undefined) ?? health.errors.at(-1)?.message;
  return {
    reason: `${health.failedTasks} tasks in a row failed: ${newest ?? 'see sys.tasks'}`,
    remedy: remedyOf(
      newest ?? '',
      'look at error_msg in sys.tasks, mend the spec or the data, and post the spec again',
    ),
  };
}

/** Messages of tasks name a code where the stream is the cause. */
function remedyOf(message: string, otherwise: string): string {
  const code = /\b(STREAM_[A-Z_]+): /.exec(message)?.[1];
  return code === undefined ? otherwise : streamRemedy(code);
}

/** What to do in general; the reason has the particulars. */
function streamRemedy(code: string): string {
  switch (code) {
    case 'STREAM_AUTH_FAILED':
      return 'correct sasl.mechanism and sasl.jaas.config in consumerProperties, or the user and its rights on the brokers; it is tried again every 10 s at most, and goes on by itself';
    case 'STREAM_TLS_FAILED':
      return "correct security.protocol and the ssl. properties in consumerProperties, or the brokers' certificates; it goes on by itself";
    case 'STREAM_SECRET_MISSING':
      return 'set the environment variable for every control and ingest worker, and restart them';
    default:
      return 'check that the broker is up and the topic exists; reading goes on by itself';
  }
}

function reading(known: Known, seen: Seen, nowMs: number): string {
  const live = seen.groups.flatMap((group) => group.live);
  const publishing = live.filter((generation) => generation.phase === 'publishing').length;
  const readers = live.length - publishing;
  const tail = publishing > 0 ? `; ${count(publishing, 'generation')} to be published` : '';
  if (seen.desired === 'terminated') return `stopping: ${count(live.length, 'generation')} to be finished`;
  if (seen.desired === 'suspended')
    return live.length === 0 ? 'suspended' : `suspended: ${count(live.length, 'generation')} to be finished`;
  if (nowMs < known.notBeforeMs && known.failures === 0) return 'starting after startDelay';
  const topic = seen.settings?.stream ?? 'the stream';
  if (seen.isComplete === true) return `complete: ${topic} is read and published to the ends asked for`;
  const { idle } = known;
  if (idle?.isIdle === true) return `idle: ${idleText(idle, topic)}${tail}`;
  const waits = waiting(known, seen, nowMs);
  if (waits) return `${waits}${tail}`;
  const partitions = seen.stream.kind === 'ok' ? seen.stream.partitions : 0;
  return `reading ${count(partitions, 'partition')} of ${topic} in ${count(readers, 'group')}${tail}${pending(seen)}`;
}

function idleText({ activeAtMs }: IdleWatch, topic: string): string {
  const since =
    activeAtMs === 0 ? 'there was nothing to read' : `nothing has arrived since ${iso(activeAtMs)}`;
  return `${since} in ${topic}; tasks are made again when records arrive`;
}

/** A newer version that waits until groups roll over by themselves. */
function pending(seen: Seen): string {
  const older = seen.groups.flatMap((group) =>
    group.live.filter((live) => live.phase === 'reading' && live.specVersion < seen.version),
  );
  if (older.length === 0 || (seen.handOffBelow ?? seen.version) >= seen.version) return '';
  return `; ${count(older.length, 'group')} will take spec version ${seen.version} when they roll over`;
}

/** The first group that cannot go on although it should. */
function waiting(known: Known, seen: Seen, nowMs: number): string | null {
  for (const group of seen.groups) {
    if (group.partitions === 0 || group.heldByReading) continue;
    const why = waitsFor(known, seen, group, nowMs);
    if (why) return `group ${group.groupId} waits: ${why}`;
  }
  return null;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/** Markdown for the Temporal UI: sentences first, the table last, for text after a table is cut off there (measured). */
export function detailsOf(state: SupervisorState): string {
  const { known, status, observation, counters, lastPublish } = state;
  const seen = observation?.kind === 'seen' ? observation : null;
  const settings = known.settings;
  const lines = [
    `Supervisor **${known.supervisorId}** ingests ${settings ? `topic **${settings.stream}** into data source **${settings.dataSource}**` : 'a stream'} (spec version ${known.specVersion}).`,
    `It is **${status.detailedState}**: ${status.reason}.`,
  ];
  if (status.remedy) lines.push(`What to do: ${status.remedy}.`);
  if (lastPublish)
    lines.push(
      `Last publish: group ${lastPublish.groupId}, generation ${lastPublish.generation}, at ${iso(lastPublish.atMs)}.`,
    );
  else if (seen?.lastPublishAtMs) lines.push(`Last publish at ${iso(seen.lastPublishAtMs)}.`);
  else lines.push('Nothing is published yet.');
  lines.push(
    `Lag: ${seen?.lag ?? 'unknown'} records. Since the start: ${counters.generationsCreated} generations created, ` +
      `${counters.generationsPublished} published, ${counters.generationsDiscarded} discarded, ${counters.tasksFailed} tasks failed.`,
    `As of ${iso(status.asOfMs)}${seen ? `; positions and lag were read at ${iso(seen.atMs)}` : ''}.`,
  );
  if (seen?.story) lines.push(`What happened last:\n\n${seen.story}`);
  return [...lines, table(seen)].join('\n\n');
}

function table(seen: Seen | null): string {
  const rows = (seen?.groups ?? []).flatMap((group) => rowsOf(group));
  return [
    '| group | generation | phase | tasks | read up to | lag |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function rowsOf(group: ObservedGroup): string[] {
  const tail = `${group.positions || '-'} | ${group.lag ?? 'unknown'} |`;
  if (group.live.length === 0) return [`| ${group.groupId} | - | waiting | - | ${tail}`];
  return group.live.map(
    (live, index) =>
      `| ${group.groupId} | ${live.generation} | ${live.phase} | ${live.tasks} | ${index === group.live.length - 1 ? tail : '- | - |'}`,
  );
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** The answer of the `getStats` query. */
export function statsOf(state: SupervisorState) {
  const seen = state.observation?.kind === 'seen' ? state.observation : null;
  return {
    supervisorId: state.known.supervisorId,
    asOfMs: state.status.asOfMs,
    lag: seen?.lag ?? null,
    counters: state.counters,
    groups: seen?.groups ?? [],
    inbox: state.inbox.length,
    steady: steadyOf(state.known, state.observation),
    troubled: seen ? isTroubled(seen) : false,
  };
}
