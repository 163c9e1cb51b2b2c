import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { installOnce } from '../../stack/cache.ts';
import { PortMemory } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { locateTemporal, temporalServer } from '../../stack/temporal.ts';
import { fakeProgram, temporaryFolder } from './temporary.ts';

function machine() {
  const folder = temporaryFolder();
  const bin = join(folder, 'bin');
  const cache = join(folder, 'cache');
  mkdirSync(bin);
  return { bin, cache, env: { PATH: `${bin}:/usr/bin:/bin`, XDG_CACHE_HOME: cache } };
}

describe('where the dev server comes from', () => {
  test('an address goes before everything', async () => {
    const { bin, env } = machine();
    fakeProgram(bin, 'temporal', 'echo "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"');
    const located = await locateTemporal({ ...env, HEADGATE_TEMPORAL_ADDRESS: 'host:7233' });
    expect(located).toEqual({ kind: 'external', address: 'host:7233' });
  });

  test('PATH goes before the cache; the server version decides, not that of the program', async () => {
    const { bin, env } = machine();
    const path = fakeProgram(bin, 'temporal', 'echo "temporal version 0.0.0-DEV (Server 1.29.1, UI 2.42.1)"');
    expect(await locateTemporal(env)).toEqual({ kind: 'present', source: { path } });
  });

  test('another version on PATH is used with a warning', async () => {
    const { bin, env } = machine();
    fakeProgram(bin, 'temporal', 'echo "temporal version 1.5.1 (Server 1.30.0, UI 2.42.1)"');
    const located = await locateTemporal(env);
    expect(located).toMatchObject({
      kind: 'present',
      warning: expect.stringContaining('tested with Server 1.29.1'),
    });
  });

  test('then the cache, then a build; a half-made cache folder cannot exist', async () => {
    const { bin, cache, env } = machine();
    const version = 'if [ "$1" = version ]; then echo "go version go1.26.8 linux/amd64"; exit; fi;';
    const go =
      'echo "go: downloading go.temporal.io/api v1" >&2; echo "$3" > "$GOBIN/temporal"; chmod +x "$GOBIN/temporal"';
    fakeProgram(bin, 'go', `${version} ${go}`);
    const located = await locateTemporal(env);
    expect(located.kind).toBe('installable');
    if (located.kind !== 'installable') return;
    expect(existsSync(cache)).toBe(false);
    await installOnce(located.install, silentLog);
    const path = join(cache, 'headgate', 'temporal-1.5.1', 'temporal');
    expect(readFileSync(path, 'utf8')).toBe('github.com/temporalio/cli/cmd/temporal@v1.5.1\n');
    expect(await locateTemporal(env)).toEqual({ kind: 'present', source: { path } });
  });

  test('a failing build says what Go said, and leaves nothing', async () => {
    const { bin, cache, env } = machine();
    const version = 'if [ "$1" = version ]; then echo "go version go1.21 linux/amd64"; exit; fi;';
    fakeProgram(bin, 'go', `${version} echo "dial tcp: no route to host" >&2; exit 1`);
    const located = await locateTemporal(env);
    if (located.kind !== 'installable') throw new Error(located.kind);
    await expect(installOnce(located.install, silentLog)).rejects.toThrow(
      /status 1\. It said:\n.*no route to host/,
    );
    expect(existsSync(join(cache, 'headgate', 'temporal-1.5.1'))).toBe(false);
  });

  test('a Go that cannot read the module is as good as none', async () => {
    const { bin, env } = machine();
    fakeProgram(bin, 'go', 'echo "go version go1.19.8 linux/amd64"');
    const located = await locateTemporal(env);
    expect(located).toMatchObject({ kind: 'missing', missing: [{ tool: 'Go 1.21 (found 1.19)' }] });
  });

  test('without Go it is missing, with every way out', async () => {
    const { bin, env } = machine();
    const located = await locateTemporal({ ...env, PATH: bin });
    expect(located).toMatchObject({
      kind: 'missing',
      missing: [
        { tool: 'Go 1.21', remedy: expect.stringMatching(/install Go .*PATH.*HEADGATE_TEMPORAL_ADDRESS/) },
      ],
    });
  });
});

test('everything listens on loopback, with our search attributes', async () => {
  const dataDir = temporaryFolder();
  const ports = new PortMemory(dataDir);
  const dynamicConfig = { 'history.x': '"20ms"' };
  const binary = { path: 'temporal' };
  const { recipe, address } = await temporalServer({ binary, dataDir, ports, log: silentLog, dynamicConfig });
  const line = recipe.command.args.join(' ');
  expect(address).toBe(`127.0.0.1:${recipe.port}`);
  expect(line).toContain(`--ip 127.0.0.1 --port ${recipe.port} --ui-ip 127.0.0.1 --ui-port`);
  expect(line).toContain(`--db-filename ${join(dataDir, 'temporal', 'temporal.db')}`);
  for (const name of ['HeadgateSupervisor', 'HeadgateDataSource', 'HeadgateState', 'HeadgateTaskGroup'])
    expect(line).toContain(`--search-attribute ${name}=Keyword`);
  expect(line).toContain('--dynamic-config-value history.x="20ms"');
});
