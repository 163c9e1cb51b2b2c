import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { freePort } from '../../stack/ports.ts';
import { silentLog } from '../../stack/progress.ts';
import { Server } from '../../stack/server.ts';
import type { ServerRecipe } from '../../stack/server.ts';
import { waitFor } from '../support/wait-for.ts';
import { temporaryFolder } from './temporary.ts';

/** Says `hello` to whoever connects. What `argv[1]` is: the port; `argv[2]`: what to do with signals. */
const program = `
  const [port, manners] = process.argv.slice(1);
  if (manners === 'deaf') for (const name of ['SIGTERM', 'SIGINT']) process.on(name, () => {});
  const server = require('net').createServer((socket) => socket.end('hello'));
  server.on('error', (error) => { console.error(error.code); process.exit(7); });
  if (manners === 'absent') setTimeout(() => process.exit(3), 300);
  else server.listen(Number(port), '127.0.0.1');
`;

function recipeOf(options: Partial<ServerRecipe> & { port: number; manners?: string }): ServerRecipe {
  const { port, manners = '', ...rest } = options;
  return {
    name: 'kafka',
    title: 'Fake',
    port,
    logFile: join(temporaryFolder(), 'fake.log'),
    prepare: () => Promise.resolve(),
    command: { file: process.execPath, args: ['-e', program, String(port), manners] },
    probe: () => hello(port),
    stage: 1,
    stopSignal: 'SIGTERM',
    stopBoundMs: 5_000,
    ...rest,
  };
}

async function hello(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'data');
  socket.destroy();
}

function serverOf(recipe: ServerRecipe, log = silentLog): Server {
  const server = new Server(recipe, log, () => undefined);
  onTestFinished(() => server.stop());
  return server;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('ready', () => {
  test('means an answer of our own child', async () => {
    const server = serverOf(recipeOf({ port: await freePort() }));
    await server.start();
    expect(isAlive(server.pid ?? 0)).toBe(true);
    const { pid } = server;
    await server.start();
    expect(server.pid, 'a second start changes nothing').toBe(pid);
  });

  test('is never said for another server on the port', async () => {
    const foreign = createServer((socket) => socket.end('hello')).listen(0, '127.0.0.1');
    onTestFinished(() => void foreign.close());
    await once(foreign, 'listening');
    const { port } = foreign.address() as AddressInfo;
    const server = serverOf(recipeOf({ port }));
    await expect(server.start()).rejects.toThrow(
      /Fake on 127\.0\.0\.1:\d+ did not start: .* status 7[^]*EADDRINUSE/,
    );
    // A child that lives but does not have the port is no proof either.
    const idle = serverOf(recipeOf({ port, manners: 'absent' }));
    await expect(idle.start()).rejects.toThrow('it ended with status 3');
    expect(idle.pid).toBeNull();
  });

  test('a program that cannot be run is an error, not a crash', async () => {
    const port = await freePort();
    const server = serverOf(recipeOf({ port, command: { file: '/no/such/program', args: [] } }));
    await expect(server.start()).rejects.toThrow('/no/such/program cannot be run');
  });

  test('comes after a cause that passes', async () => {
    const foreign = createServer().listen(0, '127.0.0.1');
    await once(foreign, 'listening');
    const { port } = foreign.address() as AddressInfo;
    let prepared = 0;
    const prepare = async () => {
      if (++prepared === 2) foreign.close();
    };
    const server = serverOf(recipeOf({ port, prepare, passing: /EADDRINUSE/ }));
    await server.start();
    expect(prepared).toBeGreaterThanOrEqual(2);
  });
});

describe('the end', () => {
  test('is asked for, then forced', async () => {
    const server = serverOf(recipeOf({ port: await freePort(), manners: 'deaf', stopBoundMs: 200 }));
    await server.start();
    const pid = server.pid ?? 0;
    await server.stop();
    expect(server.pid).toBeNull();
    expect(isAlive(pid)).toBe(false);
  });

  test('of a frozen server is an orderly one', async () => {
    const server = serverOf(recipeOf({ port: await freePort(), stopBoundMs: 30_000 }));
    await server.start();
    server.kill('SIGSTOP');
    await server.stop();
    expect(server.pid).toBeNull();
  });

  test('by SIGKILL is followed by a new start when it is kept alive', async () => {
    const lines: string[] = [];
    const port = await freePort();
    const server = serverOf(recipeOf({ port }), { ...silentLog, line: (text) => void lines.push(text) });
    await server.start();
    server.keepAlive();
    const first = server.pid;
    server.kill('SIGKILL');
    await waitFor(() => lines.includes('Fake is back.'), { what: 'the new start' });
    expect(server.pid).not.toBe(first);
    await hello(port);
  });

  test('by SIGKILL is the end when it is not', async () => {
    const server = serverOf(recipeOf({ port: await freePort() }));
    await server.start();
    server.kill('SIGKILL');
    await waitFor(() => server.pid === null, { what: 'the end' });
    await server.restart();
    expect(server.pid).not.toBeNull();
  });

  test('while starting does not wait for ready', async () => {
    const probe = () => Promise.reject(new Error('never'));
    const server = serverOf(recipeOf({ port: await freePort(), probe }));
    const starting = server.start();
    await waitFor(() => server.pid !== null, { what: 'the child' });
    await Promise.all([expect(starting).rejects.toThrow('stopped before it was ready'), server.stop()]);
    expect(server.pid).toBeNull();
  });
});
