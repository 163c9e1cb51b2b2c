/**
 * One statement from the request to the last line on the screen: rows in the format asked for, then what there is to say
 * about them. Stopped means stopped on the server too.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../../domain/errors.ts';
import { printableLines } from './display-width.ts';
import { endsWithEmptyLine, serverFormat } from './formats.ts';
import type { Format } from './formats.ts';
import { printRows } from './print-rows.ts';
import { tell, write } from './screen.ts';
import type { Screen } from './screen.ts';
import type { SqlAnswer, SqlBody, SqlClient, SqlParameter } from './sql-client.ts';

export type RunSettings = {
  readonly format: Format;
  /** Names first in `csv`, `tsv` and the array formats; tables have them always. */
  readonly header: boolean;
  /** How many rows of a table are shown; 0 is all. */
  readonly rowsMax: number;
  readonly timing: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly parameters: readonly SqlParameter[];
  /** Said instead of an empty table. */
  readonly ifEmpty?: string;
};

export type Outcome = { readonly kind: 'done' | 'stopped' };

/** A server that does not answer must not hold up who pressed Ctrl-C. */
const graceMs = 2_000;
const askAgainMs = 50;

export async function runStatement(
  client: Pick<SqlClient, 'run' | 'cancel'>,
  screen: Screen,
  statement: string,
  settings: RunSettings,
  stop: AbortSignal,
): Promise<Outcome> {
  const body = bodyOf(statement, settings);
  const local = new AbortController();
  const ended = new AbortController();
  const stopping = (): void =>
    void stopEverywhere(client, String(body.context['sqlQueryId']), local, ended.signal);
  if (stop.aborted) return { kind: 'stopped' };
  stop.addEventListener('abort', stopping, { once: true });
  try {
    await runAndPrint(client, screen, body, settings, local.signal);
    return { kind: 'done' };
  } catch (error) {
    if (stop.aborted) return { kind: 'stopped' };
    throw error;
  } finally {
    stop.removeEventListener('abort', stopping);
    ended.abort();
  }
}

function bodyOf(query: string, { format, header, context, parameters }: RunSettings): SqlBody {
  const asIs = serverFormat(format);
  return {
    query,
    resultFormat: asIs ?? 'array',
    header: asIs === null || header,
    context: { sqlQueryId: `headgate-cli-${randomUUID()}`, ...context },
    ...(parameters.length === 0 ? {} : { parameters }),
  };
}

async function runAndPrint(
  client: Pick<SqlClient, 'run'>,
  screen: Screen,
  body: SqlBody,
  settings: RunSettings,
  signal: AbortSignal,
): Promise<void> {
  const startedMs = performance.now();
  const answer = await client.run(body, signal);
  const asIs = serverFormat(settings.format);
  const shown = asIs === null ? await printRows(screen, answer.text, settings) : null;
  if (asIs !== null) await printAsIs(screen, answer.text, asIs);
  const tookMs = Math.round(performance.now() - startedMs);
  const facts = [...(shown === null ? [] : [shown]), ...(settings.timing ? [`${tookMs} ms`] : [])];
  if (facts.length > 0) tell(screen, facts.join(', '));
  sayIncomplete(screen, answer);
}

/** Byte for byte, but for Druid's empty line at the end; escape sequences do not reach a terminal. */
async function printAsIs(screen: Screen, text: SqlAnswer['text'], format: string): Promise<void> {
  const isTerminal = screen.size() !== null;
  let heldBack = '';
  for await (const chunk of text) {
    const whole = heldBack + (isTerminal ? printableLines(chunk) : chunk);
    const cut = endsWithEmptyLine(format) && whole.endsWith('\n') ? whole.length - 1 : whole.length;
    heldBack = whole.slice(cut);
    await write(screen.out, whole.slice(0, cut));
  }
}

/** An answer without some rows is no error, but nobody must take it for the whole. */
function sayIncomplete(screen: Screen, { incomplete }: SqlAnswer): void {
  if (incomplete !== null)
    tell(screen, `warning: rows that just arrived are missing in this answer: ${printableLines(incomplete)}`);
}

/** Asks until the server knows the query (it may not have begun) or it has ended, then lets go. */
async function stopEverywhere(
  client: Pick<SqlClient, 'cancel'>,
  id: string,
  local: AbortController,
  ended: AbortSignal,
): Promise<void> {
  const untilMs = performance.now() + graceMs;
  try {
    while (!ended.aborted && performance.now() < untilMs && !(await client.cancel(id)))
      await sleep(askAgainMs, undefined, { signal: ended });
    await sleep(Math.max(0, untilMs - performance.now()), undefined, { signal: ended });
  } catch (error) {
    // Ended while we waited, or the server is gone: either way there is nothing more to ask.
    if (!(error instanceof HeadgateError) && !ended.aborted) throw error;
  } finally {
    local.abort();
  }
}
