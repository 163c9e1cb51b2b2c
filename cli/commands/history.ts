/** `headgate history [id]`: spec versions, newest first; secrets are masked by the server. */
import type { Command } from 'commander';
import { ApiClient, clientCommand, supervisorPath } from '../client.ts';
import type { ClientOptions } from '../client.ts';
import { printJson, printTable } from '../output.ts';

type Version = {
  readonly version: string;
  readonly specVersion: number;
  readonly spec: { readonly type?: string; readonly suspended?: boolean } | null;
};

type Options = ClientOptions & { readonly count?: string };

export function register(program: Command): void {
  clientCommand(program, 'history', 'show the spec versions of a supervisor')
    .argument('[id]', 'supervisor; all of them without')
    .option('--count <n>', 'the newest n versions only')
    .action(async (id: string | undefined, options: Options) => {
      const client = new ApiClient(options);
      if (id === undefined) {
        const all = await client.get<Record<string, Version[]>>('/druid/indexer/v1/supervisor/history');
        if (options.json) return printJson(all);
        return show(
          Object.entries(all).flatMap(([name, versions]) => versions.map((version) => ({ name, version }))),
        );
      }
      const count = options.count === undefined ? '' : `?count=${encodeURIComponent(options.count)}`;
      const versions = await client.get<Version[]>(`${supervisorPath(id, 'history')}${count}`);
      if (options.json) return printJson(versions);
      show(versions.map((version) => ({ name: id, version })));
    });
}

function show(rows: readonly { name: string; version: Version }[]): void {
  printTable(
    ['supervisor', 'version', 'at', 'what'],
    rows.map(({ name, version }) => [name, version.specVersion, version.version, describe(version)]),
  );
}

function describe({ spec }: Version): string {
  if (spec?.type === 'noop') return 'terminated';
  return spec?.suspended === true ? 'spec, suspended' : 'spec';
}
