import { hostname } from 'node:os';
import { describe, expect, test } from 'vitest';
import { isHeadgateError } from '../../domain/errors.ts';
import { readConfig, roles, settings, settingsHelp, settingsOf } from '../../workers/config.ts';
import type { Env, Role } from '../../workers/config.ts';

const enough = {
  HEADGATE_POSTGRES_URL: 'postgres://headgate:hush@db:5432/headgate',
  HEADGATE_DEEP_STORAGE: 'file:///data/segments/',
};

function failure(role: Role, env: Env) {
  try {
    readConfig(role, env);
  } catch (error) {
    if (isHeadgateError(error)) return error;
    throw error;
  }
  throw new Error('expected CONFIG_INVALID');
}

describe('readConfig', () => {
  test('gives defaults for all that is not required', () => {
    expect(readConfig('api', enough)).toMatchObject({
      role: 'api',
      postgresUrl: enough.HEADGATE_POSTGRES_URL,
      temporalAddress: '127.0.0.1:7233',
      temporalNamespace: 'default',
      temporalUi: null,
      taskQueuePrefix: 'headgate',
      deepStorage: '/data/segments',
      apiHost: '127.0.0.1',
      apiPort: 8888,
      ingestSlots: 64,
      tier: null,
      reaperGraceMs: 600_000,
      logLevel: 'info',
    });
  });

  test.each<[Role, string, string, string, unknown]>([
    ['api', 'HEADGATE_API_PORT', '0', 'apiPort', 0],
    ['api', 'HEADGATE_TEMPORAL_UI', 'http://127.0.0.1:8233/', 'temporalUi', 'http://127.0.0.1:8233'],
    ['api', 'HEADGATE_TEMPORAL_ADDRESS', '[::1]:7233', 'temporalAddress', '[::1]:7233'],
    ['ingest', 'HEADGATE_INGEST_SLOTS', ' 6 ', 'ingestSlots', 6],
    ['ingest', 'HEADGATE_LIVE_PORT', '8100', 'livePort', 8100],
    ['ingest', 'HEADGATE_LIVE_URL', 'http://worker-1:8100/', 'liveUrl', 'http://worker-1:8100'],
    ['api', 'HEADGATE_QUERY_LIVE_WAIT', 'PT2S', 'queryLiveWaitMs', 2_000],
    ['ingest', 'HEADGATE_INGEST_TIER', 'fast', 'tier', 'fast'],
    ['ingest', 'HEADGATE_INGEST_MEMORY', '67108864', 'ingestMemoryBytes', 67_108_864],
    ['ingest', 'HEADGATE_SCRATCH', '/scratch', 'scratch', '/scratch'],
    ['control', 'HEADGATE_REAPER_GRACE', 'PT10S', 'reaperGraceMs', 10_000],
    ['control', 'HEADGATE_REAPER_GRACE', 'P1DT2H0.5S', 'reaperGraceMs', 93_600_500],
    ['control', 'HEADGATE_REAPER_GRACE', '2500', 'reaperGraceMs', 2_500],
    ['control', 'HEADGATE_DEEP_STORAGE', 'file:///a%20b', 'deepStorage', '/a b'],
    ['control', 'HEADGATE_LOG_LEVEL', '', 'logLevel', 'info'],
    ['api', 'HEADGATE_ROLLOVER_ON_UPDATE', '', 'rolloverOnUpdate', 'next'],
    ['api', 'HEADGATE_ROLLOVER_ON_UPDATE', 'now', 'rolloverOnUpdate', 'now'],
    ['ingest', 'HEADGATE_SECRET_ENV_PREFIXES', '', 'secretEnvPrefixes', ['HEADGATE_SECRET_', 'KAFKA_']],
    [
      'control',
      'HEADGATE_SECRET_ENV_PREFIXES',
      'TEAM_A_, TEAM_B_',
      'secretEnvPrefixes',
      ['TEAM_A_', 'TEAM_B_'],
    ],
  ])('%s reads %s=%s', (role, name, text, field, value) => {
    expect(readConfig(role, { ...enough, [name]: text })).toHaveProperty(field, value);
  });

  test.each<[Role, string, string, string]>([
    ['api', 'HEADGATE_API_PORT', '65536', 'a whole number from 0 to 65535'],
    ['api', 'HEADGATE_API_PORT', '8e3', 'a whole number from 0 to 65535'],
    ['api', 'HEADGATE_ROLLOVER_ON_UPDATE', 'later', 'now or next'],
    ['api', 'HEADGATE_TEMPORAL_UI', 'localhost:8233', 'a URL such as'],
    ['api', 'HEADGATE_TEMPORAL_ADDRESS', 'http://x:7233', 'host:port'],
    ['ingest', 'HEADGATE_INGEST_SLOTS', '0', 'a whole number from 1'],
    ['ingest', 'HEADGATE_INGEST_THREADS', '-1', 'a whole number from 1'],
    ['ingest', 'HEADGATE_INGEST_TIER', 'a b', 'letters, digits'],
    ['ingest', 'HEADGATE_SCRATCH', 'scratch', 'an absolute folder path'],
    ['control', 'HEADGATE_DEEP_STORAGE', 's3://bucket', 'a URL of a folder'],
    ['ingest', 'HEADGATE_LIVE_URL', 'worker-1:8100', 'a URL such as http://worker-1:8100'],
    ['control', 'HEADGATE_REAPER_GRACE', 'P', 'a period such as'],
    ['control', 'HEADGATE_REAPER_GRACE', 'P1DT', 'a period such as'],
    ['control', 'HEADGATE_REAPER_GRACE', '10 min', 'a period such as'],
    ['control', 'HEADGATE_LOG_LEVEL', 'loud', 'one of trace, debug'],
    ...['HEADGATE_', 'H', 'HEADGATE_POSTGRES_URL', 'KAFKA_,HEADGATE_LIVE', ',', '*', 'A-B'].map(
      (prefixes): [Role, string, string, string] => [
        'ingest',
        'HEADGATE_SECRET_ENV_PREFIXES',
        prefixes,
        'names such as KAFKA_, comma separated, with which no setting of Headgate begins',
      ],
    ),
  ])('%s refuses %s=%s', (role, name, text, expected) => {
    const { code, message } = failure(role, { ...enough, [name]: text });
    expect(code).toBe('CONFIG_INVALID');
    expect(message).toContain(`${name}: found ${JSON.stringify(text)}, expected ${expected}`);
  });

  test('reports all problems at once', () => {
    const error = failure('api', { HEADGATE_API_PORT: 'x', HEADGATE_LOG_LEVEL: 'y' });
    expect(error.message).toContain('4 settings are wrong');
    for (const name of ['POSTGRES_URL', 'DEEP_STORAGE', 'API_PORT', 'LOG_LEVEL'])
      expect(error.message).toContain(`HEADGATE_${name}: found`);
    expect(error.message).toContain('HEADGATE_POSTGRES_URL: found nothing');
  });

  test('never shows a wrong Postgres URL', () => {
    const error = failure('control', { ...enough, HEADGATE_POSTGRES_URL: 'mysql://me:hush@db/x' });
    expect(JSON.stringify([error.message, error.details])).not.toContain('hush');
  });

  test('does not mind settings of other roles', () => {
    const env = { ...enough, HEADGATE_API_PORT: 'x', HEADGATE_INGEST_SLOTS: '0' };
    expect(readConfig('control', env)).toMatchObject({ apiPort: 8888, ingestSlots: 64 });
  });

  test('names every boot differently', () => {
    const ids = [readConfig('ingest', enough).workerId, readConfig('ingest', enough).workerId];
    expect(ids[0]).toMatch(new RegExp(`^${hostname()}-${process.pid}-[0-9a-f]{8}$`));
    expect(ids[0]).not.toBe(ids[1]);
  });
});

test('help names every setting of the role, and no other', () => {
  for (const role of roles) {
    const help = settingsHelp(role);
    for (const setting of Object.values(settings))
      expect(help.includes(`${setting.env} `), `${role}: ${setting.env}`).toBe(setting.roles.includes(role));
    expect(settingsOf(role).length).toBeGreaterThan(5);
  }
});
