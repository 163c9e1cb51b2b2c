/**
 * Temporal's dev server with its web UI: from an address, PATH, the cache, or built from its Go module.
 *
 * Everything is kept in one SQLite file of the data folder, so workflows survive a stop and a kill.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Connection } from '@temporalio/client';
import { cacheFolder } from './cache.ts';
import type { Located } from './located.ts';
import { searchAttributes, temporalPin } from './pins.ts';
import type { PortMemory } from './ports.ts';
import type { StackLog } from './progress.ts';
import { runTool } from './run-tool.ts';
import type { ServerRecipe } from './server.ts';
import { executable, findOnPath, versionText } from './tools.ts';
import type { Env, Missing } from './tools.ts';

export type TemporalBinary = { readonly path: string };

export async function locateTemporal(env: Env): Promise<Located<TemporalBinary>> {
  const address = env['HEADGATE_TEMPORAL_ADDRESS'];
  if (address) return { kind: 'external', address };
  const onPath = findOnPath('temporal', env);
  if (onPath !== null)
    return { kind: 'present', source: { path: onPath }, ...(await versionWarning(onPath)) };
  const target = join(cacheFolder(env), `temporal-${temporalPin.cli}`);
  const source = { path: join(target, 'temporal') };
  if (executable(source.path) !== null) return { kind: 'present', source };
  const go = findOnPath('go', env);
  const minor = go === null ? null : await goMinor(go);
  if (go === null || minor === null || minor < temporalPin.goLeast)
    return { kind: 'missing', missing: [noGo(minor)] };
  const title = `Building Temporal's dev server ${temporalPin.cli} with Go (once, 2 to 6 minutes)`;
  const build = (folder: string, detail: (text: string) => void) => buildTemporal(go, env, folder, detail);
  return { kind: 'installable', source, install: { target, title, build } };
}

function noGo(minor: number | null): Missing {
  const found = minor === null ? '' : ` (found 1.${minor})`;
  return {
    tool: `Go 1.${temporalPin.goLeast}${found}`,
    forWhat: "Temporal's dev server",
    remedy: `install Go 1.${temporalPin.goLeast} or newer, or put \`temporal\` on PATH, or set HEADGATE_TEMPORAL_ADDRESS to a running server`,
  };
}

/** 26 of `go version go1.26.8 linux/amd64`. */
async function goMinor(go: string): Promise<number | null> {
  const minor = /\bgo1\.(\d+)/.exec((await versionText(go, ['version'])) ?? '')?.[1];
  return minor === undefined ? null : Number(minor);
}

async function buildTemporal(
  go: string,
  env: Env,
  folder: string,
  detail: (text: string) => void,
): Promise<void> {
  await runTool({
    file: go,
    // Names each package as it is compiled: minutes without a sign of life look like a fault.
    args: ['install', '-v', `${temporalPin.goPackage}@v${temporalPin.cli}`],
    options: { cwd: folder, env: { ...env, GOBIN: folder, GOOS: undefined, GOARCH: undefined } },
    doing: "Building Temporal's dev server",
    onLine: (line) => detail(line.replace(/^go: /, '').slice(0, 60)),
  });
}

async function versionWarning(path: string): Promise<{ warning?: string }> {
  const text = await versionText(path, ['--version']);
  if (text?.includes(`Server ${temporalPin.server}`)) return {};
  const found = text?.split('\n')[0] ?? 'no version';
  const warning = `${path} says "${found}"; Headgate is tested with Server ${temporalPin.server} and uses this one all the same.`;
  return { warning };
}

export type TemporalOptions = {
  readonly binary: TemporalBinary;
  readonly dataDir: string;
  readonly ports: PortMemory;
  readonly log: StackLog;
  readonly dynamicConfig: Readonly<Record<string, string>>;
};

export type TemporalServer = {
  readonly recipe: ServerRecipe;
  readonly address: string;
  readonly ui: string;
};

export async function temporalServer(options: TemporalOptions): Promise<TemporalServer> {
  const { dataDir, ports, log } = options;
  const port = await ports.take('temporal', log);
  const uiPort = await ports.take('temporal-ui', log);
  const httpPort = await ports.take('temporal-http', log);
  const metricsPort = await ports.take('temporal-metrics', log);
  const database = join(dataDir, 'temporal', 'temporal.db');
  const address = `127.0.0.1:${port}`;
  const flags: readonly (readonly [string, string | number])[] = [
    ['--ip', '127.0.0.1'],
    ['--port', port],
    ['--ui-ip', '127.0.0.1'],
    ['--ui-port', uiPort],
    ['--http-port', httpPort],
    ['--metrics-port', metricsPort],
    ['--db-filename', database],
    // A third of the processor time of its rollback journal (bench:supervisors). What a process that dies has written is kept.
    ['--sqlite-pragma', 'journal_mode=WAL'],
    ['--sqlite-pragma', 'synchronous=NORMAL'],
    ['--log-level', 'error'],
    ...searchAttributes.map((name) => ['--search-attribute', `${name}=Keyword`] as const),
    ...Object.entries(options.dynamicConfig).map(
      ([key, value]) => ['--dynamic-config-value', `${key}=${value}`] as const,
    ),
  ];
  const recipe: ServerRecipe = {
    name: 'temporal',
    title: "Temporal's dev server",
    port,
    logFile: join(dataDir, 'logs', 'temporal.log'),
    prepare: async () => void mkdirSync(dirname(database), { recursive: true }),
    command: {
      file: options.binary.path,
      args: ['server', 'start-dev', ...flags.flatMap(([flag, value]) => [flag, String(value)])],
    },
    probe: () => probeTemporal(address, temporalPin.namespace),
    stage: 1,
    stopSignal: 'SIGTERM',
    stopBoundMs: 10_000,
  };
  return { recipe, address, ui: `http://127.0.0.1:${uiPort}` };
}

/** Answered only when the namespace is there and our search attributes can be used. */
export async function probeTemporal(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 2_000 });
  try {
    await connection.workflowService.describeNamespace({ namespace });
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const absent = searchAttributes.filter((name) => !(name in (known.customAttributes ?? {})));
    if (absent.length > 0) throw new Error(`search attributes ${absent.join(', ')} are not there yet`);
  } finally {
    await connection.close();
  }
}

const keyword = 2;

/** A server of the user's own gets our search attributes where it lacks them. */
export async function prepareExternalTemporal(address: string, namespace: string): Promise<void> {
  const connection = await Connection.connect({ address, connectTimeout: 10_000 });
  try {
    const known = await connection.operatorService.listSearchAttributes({ namespace });
    const absent = searchAttributes.filter((name) => !(name in (known.customAttributes ?? {})));
    if (absent.length === 0) return;
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(absent.map((name) => [name, keyword])),
    });
  } finally {
    await connection.close();
  }
}
