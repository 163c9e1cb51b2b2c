/**
 * Every setting of every role: one table gives the environment names, the defaults, the help text and the parsing.
 *
 * `readConfig` reports all problems at once, each naming variable, found and expected; no value of a secret setting is
 * ever part of a message. Nothing else in the program reads a HEADGATE_ variable of a role.
 */
import { randomBytes } from 'node:crypto';
import { availableParallelism, hostname, tmpdir, totalmem } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { HeadgateError } from '../domain/errors.ts';
import { folderOfUrl, hasProtocol, integer, period, word } from './setting-values.ts';
import type { Parsed } from './setting-values.ts';

export const roles = ['control', 'ingest', 'api'] as const;
export type Role = (typeof roles)[number];

export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

/** What a role process knows. Settings of other roles have their defaults. */
export type RoleConfig = {
  readonly role: Role;
  /** New at every boot: host, pid and eight random hex digits. */
  readonly workerId: string;
  readonly postgresUrl: string;
  readonly temporalAddress: string;
  readonly temporalNamespace: string;
  /** Base of links into the Temporal UI; null when there is none. */
  readonly temporalUi: string | null;
  readonly taskQueuePrefix: string;
  /** Root folder of deep storage, absolute. */
  readonly deepStorage: string;
  /** Local folder for files that may be lost at any time. */
  readonly scratch: string;
  readonly apiHost: string;
  readonly apiPort: number;
  /** Ingestion tasks one process takes at the same time. */
  readonly ingestSlots: number;
  /** Threads that parse and roll up rows. */
  readonly ingestThreads: number;
  /** Bytes of rows in memory, shared out over the tasks of the process. */
  readonly ingestMemoryBytes: number;
  /** Tier of the task queue to serve; null is the common one. */
  readonly tier: string | null;
  readonly reaperGraceMs: number;
  /** Where an ingest process answers queries for the rows it holds. */
  readonly liveHost: string;
  readonly livePort: number;
  /** How api processes reach it; null: from host and port. */
  readonly liveUrl: string | null;
  /** How long a query waits for a worker to reach again what another one has shown. */
  readonly queryLiveWaitMs: number;
  /** Bytes of live rows an api process keeps on its disk. */
  readonly queryLiveBytes: number;
  /** Environment variables a spec may name begin with one of these. */
  readonly secretEnvPrefixes: readonly string[];
  /** When a spec change that needs new tasks takes effect, unless the request says. */
  readonly rolloverOnUpdate: 'now' | 'next';
  readonly logLevel: LogLevel;
};

export type Env = Readonly<Record<string, string | undefined>>;

export type Setting<T> = {
  readonly env: string;
  readonly roles: readonly Role[];
  /** How the default reads in help; null means that the setting must be given. */
  readonly fallback: string | null;
  readonly meaning: string;
  /** A secret's value is never shown. */
  readonly secret?: boolean;
  readonly parse: (text: string) => Parsed<T>;
};

type Values = Omit<RoleConfig, 'role' | 'workerId'>;

const mebibyte = 1024 * 1024;
const everyRole = roles;

export const settings: { readonly [K in keyof Values]: Setting<Values[K]> } = {
  postgresUrl: {
    env: 'HEADGATE_POSTGRES_URL',
    roles: everyRole,
    fallback: null,
    meaning: 'Postgres database that holds all truth, as a postgres:// URL',
    secret: true,
    parse: (text) =>
      hasProtocol(text, ['postgres:', 'postgresql:'])
        ? { value: text }
        : { expected: 'a URL such as postgres://user@host:5432/database' },
  },
  temporalAddress: {
    env: 'HEADGATE_TEMPORAL_ADDRESS',
    roles: everyRole,
    fallback: '127.0.0.1:7233',
    meaning: 'Temporal frontend, host:port',
    parse: (text) =>
      /^[^\s/:]+:\d{1,5}$|^\[[0-9a-fA-F:]+\]:\d{1,5}$/.test(text)
        ? { value: text }
        : { expected: 'host:port' },
  },
  temporalNamespace: {
    env: 'HEADGATE_TEMPORAL_NAMESPACE',
    roles: everyRole,
    fallback: 'default',
    meaning: 'Temporal namespace of all workflows',
    parse: (text) => word(text, 'a namespace name: letters, digits, ".", "_" and "-"'),
  },
  temporalUi: {
    env: 'HEADGATE_TEMPORAL_UI',
    roles: ['api'],
    fallback: '',
    meaning: 'base URL of the Temporal UI, for links; empty means no links',
    parse: (text) => {
      if (text === '') return { value: null };
      return hasProtocol(text, ['http:', 'https:'])
        ? { value: text.replace(/\/+$/, '') }
        : { expected: 'a URL such as http://127.0.0.1:8233' };
    },
  },
  taskQueuePrefix: {
    env: 'HEADGATE_TASK_QUEUE_PREFIX',
    roles: everyRole,
    fallback: 'headgate',
    meaning: 'first part of every task queue name; two systems on one namespace need two',
    parse: (text) => word(text, 'letters, digits, ".", "_" and "-"'),
  },
  deepStorage: {
    env: 'HEADGATE_DEEP_STORAGE',
    roles: everyRole,
    fallback: null,
    meaning: 'where segment files are kept, as a file:// URL of a folder all roles share',
    parse: folderOfUrl,
  },
  scratch: {
    env: 'HEADGATE_SCRATCH',
    roles: ['ingest', 'api'],
    fallback: join(tmpdir(), 'headgate'),
    meaning: 'local folder for files under construction; may be lost at any time',
    parse: (text) => (isAbsolute(text) ? { value: text } : { expected: 'an absolute folder path' }),
  },
  apiHost: {
    env: 'HEADGATE_API_HOST',
    roles: ['api'],
    fallback: '127.0.0.1',
    meaning: 'address the HTTP API listens on',
    parse: (text) =>
      /^[^\s/]+$/.test(text) ? { value: text } : { expected: 'an IP address or a host name' },
  },
  apiPort: {
    env: 'HEADGATE_API_PORT',
    roles: ['api'],
    fallback: '8888',
    meaning: 'port of the HTTP API; 0 takes a free one',
    parse: (text) => integer(text, 0, 65_535),
  },
  ingestSlots: {
    env: 'HEADGATE_INGEST_SLOTS',
    roles: ['ingest'],
    fallback: '64',
    meaning: 'ingestion tasks one process takes at the same time',
    parse: (text) => integer(text, 1, 10_000),
  },
  ingestThreads: {
    env: 'HEADGATE_INGEST_THREADS',
    roles: ['ingest'],
    fallback: String(availableParallelism()),
    meaning: 'threads that parse and roll up rows; default is one for each core',
    parse: (text) => integer(text, 1, 1_024),
  },
  ingestMemoryBytes: {
    env: 'HEADGATE_INGEST_MEMORY',
    roles: ['ingest'],
    fallback: String(Math.min(1_024 * mebibyte, Math.floor(totalmem() / 4))),
    meaning: 'bytes of rows held in memory by one process; default is 1 GiB or a quarter of the machine',
    parse: (text) => integer(text, 16 * mebibyte, Number.MAX_SAFE_INTEGER),
  },
  tier: {
    env: 'HEADGATE_INGEST_TIER',
    roles: ['ingest'],
    fallback: '',
    meaning: 'tier of ingestion tasks to serve; empty means those without a tier',
    parse: (text) =>
      text === '' ? { value: null } : word(text, 'letters, digits, ".", "_" and "-", or nothing'),
  },
  reaperGraceMs: {
    env: 'HEADGATE_REAPER_GRACE',
    roles: ['control'],
    fallback: 'PT10M',
    meaning: 'age at which files of dead attempts are deleted, as an ISO period or in milliseconds',
    parse: period,
  },
  liveHost: {
    env: 'HEADGATE_LIVE_HOST',
    roles: ['ingest'],
    fallback: '127.0.0.1',
    meaning: 'address on which api processes ask for rows not yet published; only they need to reach it',
    parse: (text) =>
      /^[^\s/]+$/.test(text) ? { value: text } : { expected: 'an IP address or a host name' },
  },
  livePort: {
    env: 'HEADGATE_LIVE_PORT',
    roles: ['ingest'],
    fallback: '0',
    meaning: 'its port; 0 takes a free one',
    parse: (text) => integer(text, 0, 65_535),
  },
  liveUrl: {
    env: 'HEADGATE_LIVE_URL',
    roles: ['ingest'],
    fallback: '',
    meaning: 'how api processes reach it, when host and port do not say it; empty means http://<host>:<port>',
    parse: (text) => {
      if (text === '') return { value: null };
      return hasProtocol(text, ['http:'])
        ? { value: text.replace(/\/+$/, '') }
        : { expected: 'a URL such as http://worker-1:8100' };
    },
  },
  queryLiveWaitMs: {
    env: 'HEADGATE_QUERY_LIVE_WAIT',
    roles: ['api'],
    fallback: 'PT15S',
    meaning:
      'how long a query waits for a worker to reach again what another one has shown, before it calls itself incomplete',
    parse: period,
  },
  queryLiveBytes: {
    env: 'HEADGATE_QUERY_LIVE_DISK',
    roles: ['api'],
    fallback: String(8 * 1024 * mebibyte),
    meaning:
      'bytes of rows not yet published that one process keeps on its disk for queries; default is 8 GiB',
    parse: (text) => integer(text, 16 * mebibyte, Number.MAX_SAFE_INTEGER),
  },
  secretEnvPrefixes: {
    env: 'HEADGATE_SECRET_ENV_PREFIXES',
    roles: everyRole,
    fallback: 'HEADGATE_SECRET_,KAFKA_',
    meaning:
      'how the environment variables begin that a spec may refer to, comma separated; no setting of ours may begin so',
    parse: secretPrefixes,
  },
  rolloverOnUpdate: {
    env: 'HEADGATE_ROLLOVER_ON_UPDATE',
    roles: ['api'],
    fallback: 'next',
    meaning:
      "when a changed spec takes effect if the request has no ?rollover: next (each group's next rollover) or now (at once, as Druid)",
    parse: (text) => (text === 'now' || text === 'next' ? { value: text } : { expected: 'now or next' }),
  },
  logLevel: {
    env: 'HEADGATE_LOG_LEVEL',
    roles: everyRole,
    fallback: 'info',
    meaning: `least important log lines to write: ${logLevels.join(', ')}`,
    parse: (text) => {
      const level = logLevels.find((known) => known === text);
      return level === undefined ? { expected: `one of ${logLevels.join(', ')}` } : { value: level };
    },
  },
};

/** Our own settings, the URL of Postgres first of all, are not for a spec to read. */
function secretPrefixes(text: string): Parsed<readonly string[]> {
  const prefixes = text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  const ours = Object.values<Setting<unknown>>(settings)
    .map(({ env }) => env)
    .filter((env) => env !== settings.secretEnvPrefixes.env);
  const isUsable = (prefix: string): boolean =>
    /^[A-Za-z_][A-Za-z0-9_]{0,99}$/.test(prefix) && !ours.some((env) => env.startsWith(prefix));
  return prefixes.length > 0 && prefixes.every(isUsable)
    ? { value: prefixes }
    : { expected: 'names such as KAFKA_, comma separated, with which no setting of Headgate begins' };
}

type Problem = { readonly variable: string; readonly found: string; readonly expected: string };

/** Throws CONFIG_INVALID listing every problem of the settings that `role` uses. An empty variable counts as not set. */
export function readConfig(role: Role, env: Env): RoleConfig {
  const problems: Problem[] = [];
  const read = <T>(setting: Setting<T>): T => {
    const applies = setting.roles.includes(role);
    const given = applies ? env[setting.env] : undefined;
    const text = given === undefined || given.trim() === '' ? setting.fallback : given.trim();
    if (text === null && !applies) return '' as T;
    const parsed = setting.parse(text ?? '');
    if ('value' in parsed) return parsed.value;
    problems.push({
      variable: setting.env,
      found: describeFound(setting, text),
      expected: parsed.expected,
    });
    return undefined as T;
  };
  const config: RoleConfig = {
    role,
    workerId: `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`,
    postgresUrl: read(settings.postgresUrl),
    temporalAddress: read(settings.temporalAddress),
    temporalNamespace: read(settings.temporalNamespace),
    temporalUi: read(settings.temporalUi),
    taskQueuePrefix: read(settings.taskQueuePrefix),
    deepStorage: read(settings.deepStorage),
    scratch: read(settings.scratch),
    apiHost: read(settings.apiHost),
    apiPort: read(settings.apiPort),
    ingestSlots: read(settings.ingestSlots),
    ingestThreads: read(settings.ingestThreads),
    ingestMemoryBytes: read(settings.ingestMemoryBytes),
    tier: read(settings.tier),
    reaperGraceMs: read(settings.reaperGraceMs),
    liveHost: read(settings.liveHost),
    livePort: read(settings.livePort),
    liveUrl: read(settings.liveUrl),
    queryLiveWaitMs: read(settings.queryLiveWaitMs),
    queryLiveBytes: read(settings.queryLiveBytes),
    secretEnvPrefixes: read(settings.secretEnvPrefixes),
    rolloverOnUpdate: read(settings.rolloverOnUpdate),
    logLevel: read(settings.logLevel),
  };
  if (problems.length > 0) throw invalid(role, problems);
  return config;
}

/** The settings of a role as an aligned table, for `--help`. */
export function settingsHelp(role: Role): string {
  const used = settingsOf(role);
  const width = Math.max(...used.map((setting) => setting.env.length));
  const lines = used.map((setting) => {
    const fallback = setting.fallback === null ? 'required' : `default ${setting.fallback || 'none'}`;
    return `  ${setting.env.padEnd(width)}  ${setting.meaning} (${fallback})`;
  });
  return ['Environment:', ...lines].join('\n');
}

export function settingsOf(role: Role): Setting<unknown>[] {
  return Object.values<Setting<unknown>>(settings).filter((setting) => setting.roles.includes(role));
}

function invalid(role: Role, problems: readonly Problem[]): HeadgateError {
  const lines = problems.map(
    ({ variable, found, expected }) => `${variable}: found ${found}, expected ${expected}`,
  );
  const many = problems.length === 1 ? 'one setting is' : `${problems.length} settings are`;
  return new HeadgateError('CONFIG_INVALID', `${role}: ${many} wrong. ${lines.join('; ')}`, {
    details: { role, problems },
  });
}

function describeFound(setting: Setting<unknown>, text: string | null): string {
  if (text === null) return 'nothing';
  if (setting.secret) return `another text (${text.length} characters, not shown)`;
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
