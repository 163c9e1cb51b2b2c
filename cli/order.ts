/**
 * Giving an order to a supervisor and saying what became of it.
 *
 * Each order has an id of its own, so that one that was cut off is never applied twice. Orders that skip or repeat data
 * are rehearsed and asked about first on a terminal, and need `--yes` elsewhere.
 */
import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import { isHeadgateError } from '../domain/errors.ts';
import { ask, canAsk, yesIsMissing } from './ask.ts';
import { ApiClient, clientCommand, isObject, parsed, supervisorPath } from './client.ts';
import type { ClientOptions } from './client.ts';
import { outcomeText } from './outcome.ts';
import type { OutcomeText } from './outcome.ts';
import { print, say } from './output.ts';
import { waitingFor } from './progress.ts';

export type OrderOptions = ClientOptions & {
  readonly wait?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
};

export type Order = {
  readonly supervisorId: string;
  /** Of the path: `resetOffsets`. */
  readonly verb: string;
  /** As it reads in a sentence: `the reset`. */
  readonly name: string;
  readonly query?: Readonly<Record<string, string>>;
  /** JSON text: offsets keep all their digits. */
  readonly body?: string;
};

/** `examples`: whole command lines, shown below the options. */
export function orderCommand(
  program: Command,
  name: string,
  about: { readonly description: string; readonly more?: string; readonly examples: readonly string[] },
): Command {
  const { description, more, examples } = about;
  return clientCommand(program, name, description)
    .option('--wait', 'answer when it has had its effect, not when it is taken')
    .addHelpText(
      'after',
      [
        ...(more === undefined ? [] : ['', more]),
        '',
        'Examples:',
        ...examples.map((one) => `  headgate ${one}`),
      ].join('\n'),
    );
}

/** One that skips or repeats data. */
export function riskyOrderCommand(...given: Parameters<typeof orderCommand>): Command {
  return orderCommand(...given)
    .option('--dry-run', 'only tell what would be skipped and what would be read again')
    .option('-y, --yes', 'do not ask');
}

export async function giveOrder(order: Order, options: OrderOptions): Promise<void> {
  await carryOut(new ApiClient(options), order, options);
}

export async function giveRiskyOrder(order: Order, options: OrderOptions): Promise<void> {
  const client = new ApiClient(options);
  if (options.dryRun) return showRehearsal(client, order, options);
  if (!options.yes) {
    if (!canAsk())
      throw yesIsMissing(
        order.supervisorId,
        `${order.name} can skip or repeat records`,
        'look with --dry-run at what it would do, then ',
      );
    await askFirst(client, order);
  }
  await carryOut(client, order, options);
}

async function showRehearsal(client: ApiClient, order: Order, options: OrderOptions): Promise<void> {
  const text = await send(client, order, { dryRun: 'true' });
  if (options.json) return print(text);
  const { summary, details } = outcomeText(outcomeIn(text));
  print(`${order.supervisorId} (dry run): ${summary}${details === '' ? '' : `\n${details}`}`);
  say('Nothing was changed (--dry-run).');
}

async function askFirst(client: ApiClient, order: Order): Promise<void> {
  const { summary, details, movesData } = outcomeText(
    outcomeIn(await send(client, order, { dryRun: 'true' })),
  );
  say(`${order.supervisorId}: ${summary}${details === '' ? '' : `\n${details}`}`);
  const warning = movesData ? '' : 'No published record is concerned. ';
  await ask(`${warning}Go on with ${order.name}?`, order.supervisorId);
}

async function carryOut(client: ApiClient, order: Order, options: OrderOptions): Promise<void> {
  const commandId = randomUUID();
  const sent = send(client, order, options.wait ? { wait: 'true' } : {}, commandId);
  const text = options.wait ? await waitingFor(client, order.supervisorId, order.name, sent) : await sent;
  const answer = parsed(text);
  if (typeof answer['warning'] === 'string') say(`warning: ${answer['warning']}`);
  const outcome = outcomeIn(text) ?? (await outcomeOf(client, order, commandId));
  if (options.json) return print(JSON.stringify(withOutcome(text, outcome), null, 2));
  const { summary, details } = describe(order, outcome);
  print(`${order.supervisorId}: ${summary}${details === '' ? '' : `\n${details}`}`);
}

async function send(
  client: ApiClient,
  order: Order,
  flags: Readonly<Record<string, string>>,
  commandId: string | null = null,
): Promise<string> {
  const query = new URLSearchParams({ ...order.query, ...flags }).toString();
  const path = `${supervisorPath(order.supervisorId)}/${order.verb}${query === '' ? '' : `?${query}`}`;
  const headers = commandId === null ? {} : { 'x-headgate-command-id': commandId };
  return client.text('POST', path, order.body, { headers });
}

function outcomeIn(text: string): Record<string, unknown> | null {
  const { outcome } = parsed(text);
  return isObject(outcome) ? outcome : null;
}

/** Druid's own answers say nothing of what was done; the list of orders does. Null: not known yet, or not kept. */
async function outcomeOf(
  client: ApiClient,
  order: Order,
  commandId: string,
): Promise<Record<string, unknown> | null> {
  try {
    return outcomeIn(
      await client.text(
        'GET',
        supervisorPath(order.supervisorId, `commands/${encodeURIComponent(commandId)}`),
      ),
    );
  } catch (error) {
    // The order is taken; that its outcome cannot be read is no failure of it.
    if (isHeadgateError(error)) return null;
    throw error;
  }
}

function describe(
  order: Order,
  outcome: Record<string, unknown> | null,
): Pick<OutcomeText, 'summary' | 'details'> {
  if (outcome !== null) return outcomeText(outcome);
  const { supervisorId, name } = order;
  return {
    summary: `${name} is taken; \`headgate explain ${supervisorId} --kind orders\` tells what became of it`,
    details: '',
  };
}

/** An empty answer (Druid's 202) is an object too, for programs. */
function withOutcome(text: string, outcome: Record<string, unknown> | null): Record<string, unknown> {
  return { ...parsed(text), ...(outcome === null ? {} : { outcome }) };
}
