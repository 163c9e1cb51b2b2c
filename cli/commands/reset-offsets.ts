/** `headgate reset-offsets <id> 0=100 1=250`: the partitions named are read from these offsets; the others go on. */
import type { Command } from 'commander';
import { HeadgateError } from '../../domain/errors.ts';
import { ApiClient, supervisorPath } from '../client.ts';
import { giveRiskyOrder, riskyOrderCommand } from '../order.ts';
import type { OrderOptions } from '../order.ts';
import { readSpecFile } from '../spec-files.ts';

type Options = OrderOptions & { readonly file?: string; readonly force?: boolean };

export function register(program: Command): void {
  riskyOrderCommand(program, 'reset-offsets', {
    description: 'read partitions from given offsets',
    more: [
      'An offset is the next record to be read. Offsets that the log does not have are refused, unless --force is given.',
      'With a topicPattern, a partition is called topic:partition, as `headgate lag` shows it.',
    ].join('\n'),
    examples: [
      'reset-offsets clicks 0=4100 3=5900 --dry-run',
      'reset-offsets clicks 0=4100 --yes --wait',
      "reset-offsets clicks --file body.json     # the body of Druid's resetOffsets",
    ],
  })
    .argument('<id>', 'supervisor')
    .argument('[partition=offset...]', 'where to read on, for each partition')
    .option('-f, --file <file>', 'the body instead, as JSON; - is standard input')
    .option('--force', 'take offsets that the log does not have')
    .action(async (id: string, pairs: string[], options: Options) => {
      const body = await bodyOf(id, pairs, options);
      await giveRiskyOrder(
        {
          supervisorId: id,
          verb: 'resetOffsets',
          name: 'the reset of these offsets',
          body,
          ...(options.force ? { query: { force: 'true' } } : {}),
        },
        options,
      );
    });
}

async function bodyOf(id: string, pairs: readonly string[], options: Options): Promise<string> {
  if (options.file !== undefined && pairs.length > 0)
    throw wrong(`found ${pairs.length} offsets and --file, expected one of the two`);
  if (options.file !== undefined) return readSpecFile(options.file);
  const offsets = offsetsIn(pairs);
  const { payload } = await new ApiClient(options).get<{ payload: { stream?: string } }>(
    supervisorPath(id, 'status'),
  );
  const stream = JSON.stringify(payload.stream ?? '');
  return `{"type":"kafka","partitions":{"type":"end","stream":${stream},"partitionOffsetMap":{${offsets}}}}`;
}

/** Members of a JSON object: digits stay as they were typed. */
function offsetsIn(pairs: readonly string[]): string {
  if (pairs.length === 0)
    throw wrong('found no offsets, expected at least one such as 0=4100, or --file with a body');
  const offsets = new Map<string, string>();
  for (const pair of pairs) {
    const [, partition, offset] = /^(.+)=(\d{1,19})$/.exec(pair) ?? [];
    if (partition === undefined || offset === undefined)
      throw wrong(`found ${JSON.stringify(pair)}, expected <partition>=<offset> such as 0=4100`);
    if (offsets.has(partition)) throw wrong(`partition ${partition} was named twice, expected once`);
    offsets.set(partition, String(BigInt(offset)));
  }
  return [...offsets].map(([partition, offset]) => `${JSON.stringify(partition)}:${offset}`).join(',');
}

function wrong(text: string): HeadgateError {
  return new HeadgateError('CONFIG_INVALID', `reset-offsets: ${text}`);
}
