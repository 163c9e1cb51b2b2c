/** `headgate lag [id]`: how many records of each partition are not read yet. What is unknown is said to be unknown. */
import type { Command } from 'commander';
import { ago, grouped } from '../../domain/explain/moments.ts';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { print, tableText } from '../output.ts';
import { showAgain } from '../show-again.ts';
import { printable } from '../sql/display-width.ts';
import { wholeNumber } from '../whole-number.ts';

type Amount = number | null;

type PartitionLag = {
  readonly partition: string;
  readonly groupId?: number | null;
  readonly current?: Amount;
  readonly latest?: Amount;
  readonly lag?: Amount;
  readonly lagMillis?: Amount;
};

type Lag = {
  readonly id: string;
  readonly asOf?: string | null;
  readonly lag?: Amount;
  readonly lagMillis?: Amount;
  readonly partitions: readonly PartitionLag[];
};

type Options = ClientOptions & { readonly watch?: number };

export function register(program: Command): void {
  clientCommand(program, 'lag', 'show how far reading is behind, partition by partition')
    .argument('[id]', 'supervisor; all of them without')
    .option('--watch <seconds>', 'again and again, until Ctrl-C', wholeNumber(1, 3_600))
    .addHelpText(
      'after',
      '\nExamples:\n  headgate lag clicks\n  headgate lag clicks --watch 5\n  headgate lag\n  headgate lag clicks --json | jq .lag',
    )
    .action(async (id: string | undefined, options: Options) => {
      const client = new ApiClient(options);
      const show = async (): Promise<string> => {
        if (options.json) return allText(client, id);
        return id === undefined ? overview(client) : oneText(await read(client, id));
      };
      if (options.watch === undefined) print(await show());
      else await showAgain(show, { everySeconds: options.watch, title: `lag ${id ?? ''}`.trim() });
    });
}

async function read(client: ApiClient, id: string): Promise<Lag> {
  return client.get<Lag>(supervisorPath(id, 'lag'));
}

function idsOf(client: ApiClient): Promise<string[]> {
  return client.get<string[]>('/druid/indexer/v1/supervisor');
}

/** As the server said it: numbers keep all their digits. */
async function allText(client: ApiClient, id: string | undefined): Promise<string> {
  const one = (name: string): Promise<string> => client.text('GET', supervisorPath(name, 'lag'));
  if (id !== undefined) return one(id);
  const all: string[] = [];
  for (const name of await idsOf(client)) all.push((await one(name)).trim());
  return `[${all.join(',\n')}]`;
}

async function overview(client: ApiClient): Promise<string> {
  const lags: Lag[] = [];
  for (const id of await idsOf(client)) lags.push(await read(client, id));
  if (lags.length === 0) return 'no supervisors; create one with `headgate apply -f spec.json`';
  const hasTime = lags.some((lag) => typeof lag.lagMillis === 'number');
  return tableText(
    ['supervisor', 'lag', ...(hasTime ? ['time lag'] : []), 'partitions', 'unknown', 'as of'],
    lags.map((lag) => [
      lag.id,
      amount(totalOf(lag)),
      ...(hasTime ? [seconds(lag.lagMillis)] : []),
      lag.partitions.length,
      unknownOf(lag).length,
      asOf(lag),
    ]),
  );
}

function oneText(lag: Lag): string {
  const hasTime = lag.partitions.some((partition) => typeof partition.lagMillis === 'number');
  const hasGroups = lag.partitions.some((partition) => typeof partition.groupId === 'number');
  const table = tableText(
    [
      'partition',
      ...(hasGroups ? ['group'] : []),
      'read up to',
      'log ends at',
      'lag',
      ...(hasTime ? ['time lag'] : []),
    ],
    lag.partitions.map((partition) => [
      printable(partition.partition),
      ...(hasGroups ? [partition.groupId ?? ''] : []),
      offset(partition.current),
      offset(partition.latest),
      amount(partition.lag),
      ...(hasTime ? [seconds(partition.lagMillis)] : []),
    ]),
  );
  return `${lag.partitions.length === 0 ? 'no partition is known yet' : table}\n${totals(lag)}`;
}

/** A sum over some partitions would look like good news about all. */
function totals(lag: Lag): string {
  const unknown = unknownOf(lag);
  const time = typeof lag.lagMillis === 'number' ? `, ${seconds(lag.lagMillis)} behind` : '';
  if (unknown.length === 0 && totalOf(lag) !== null)
    return `lag ${grouped(totalOf(lag) ?? 0)} records${time}, as of ${asOf(lag)}`;
  const known = lag.partitions.reduce((sum, { lag: one }) => sum + Math.max(0, one ?? 0), 0);
  const which = unknown.length === 0 ? '' : `; ${grouped(known)} without partition ${unknown.join(', ')}`;
  return `lag unknown${which}, as of ${asOf(lag)}`;
}

function totalOf(lag: Lag): Amount {
  return lag.lag ?? null;
}

function unknownOf(lag: Lag): string[] {
  return lag.partitions.flatMap(({ partition, lag: one }) => (typeof one === 'number' ? [] : [partition]));
}

function asOf(lag: Lag): string {
  return typeof lag.asOf === 'string' ? `${lag.asOf} (${ago(Date.parse(lag.asOf), Date.now())})` : 'never';
}

function offset(value: Amount | undefined): string {
  return typeof value === 'number' ? String(value) : 'unknown';
}

function amount(value: Amount | undefined): string {
  return typeof value === 'number' ? grouped(value) : 'unknown';
}

function seconds(ms: Amount | undefined): string {
  return typeof ms === 'number' ? `${(ms / 1000).toFixed(1)} s` : 'unknown';
}
