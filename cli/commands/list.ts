/** `headgate list`: one line per supervisor. */
import type { Command } from 'commander';
import { ApiClient, clientCommand } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { paintState, print, printJson, printTable } from '../output.ts';

type Entry = {
  readonly id: string;
  readonly dataSource: string;
  readonly detailedState: string;
  readonly healthy: boolean;
  readonly suspended: boolean;
};

export function register(program: Command): void {
  clientCommand(program, 'list', 'list supervisors').action(async (options: ClientOptions) => {
    const entries = await new ApiClient(options).get<Entry[]>('/druid/indexer/v1/supervisor?state=true');
    if (options.json) return printJson(entries);
    if (entries.length === 0) return print('no supervisors; create one with `headgate apply -f spec.json`');
    printTable(
      ['id', 'data source', 'state', 'healthy', 'suspended'],
      entries.map((entry) => [
        entry.id,
        entry.dataSource,
        paintState(entry.detailedState, entry.healthy),
        entry.healthy ? 'yes' : 'no',
        entry.suspended ? 'yes' : 'no',
      ]),
    );
  });
}
