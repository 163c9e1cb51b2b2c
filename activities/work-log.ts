/**
 * Log lines about work say whose work it is: `supervisorId`, `groupId`, `generation`, `taskId`, `sequenceId`, under the same
 * names in every process (docs/metrics.md). Taken from what an activity was asked, so that no line can forget it.
 */

export type WorkFields = { readonly [field in (typeof fieldNames)[number]]?: string | number };

const fieldNames = ['supervisorId', 'groupId', 'generation', 'taskId', 'sequenceId'] as const;

/** Of the input itself, or of the generation or task it is about. */
export function workFields(input: unknown): WorkFields {
  const outer = objectOf(input);
  const places = [outer, objectOf(outer['key']), objectOf(outer['lease'])];
  const found = fieldNames.flatMap((name) => {
    const value = places.map((place) => place[name]).find((candidate) => isName(candidate));
    return isName(value) ? [[name, value] as const] : [];
  });
  return Object.fromEntries(found);
}

function isName(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

type Log = (level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>) => void;

/** The same log, with the fields of `input` in every line. What a line says itself counts. */
export function logAbout(log: Log, input: unknown): Log {
  const about = workFields(input);
  return (level, message, fields = {}) => log(level, message, { ...about, ...fields });
}

/** These wait, or look and mostly find nothing new: a line for each would say nothing. */
const quiet: ReadonlySet<string> = new Set(['watch', 'awaitPredecessor', 'groupStanding', 'housekeep']);

type Activity = (input: never) => Promise<unknown>;

/** One line for each step that was done: what, for whom, and what came of it. Failures are told by the worker itself. */
export function withLog<A extends { readonly [name: string]: Activity }>(activities: A, log: Log): A {
  const wrapped = Object.entries(activities).map(([name, run]) => {
    if (quiet.has(name)) return [name, run] as const;
    const told = async (input: never): Promise<unknown> => {
      const startedMs = performance.now();
      const result = await run(input);
      const ms = Math.round(performance.now() - startedMs);
      const { kind } = objectOf(result);
      const { verb, commandId } = objectOf(input);
      const order = isName(verb) && isName(commandId) ? { verb, commandId } : {};
      log('info', name, { ...workFields(input), ...order, ...(isName(kind) ? { outcome: kind } : {}), ms });
      return result;
    };
    return [name, told] as const;
  });
  return Object.fromEntries(wrapped) as A;
}
