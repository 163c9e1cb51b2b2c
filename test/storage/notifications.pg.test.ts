/** Listening: what changed is heard, and after a lost connection everybody is told to look again. */
import { connect, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { generationLabel } from '../../domain/ids.ts';
import { requestPause } from '../../storage/control.ts';
import { Notifications } from '../../storage/notifications.ts';
import { waitFor } from '../support/wait-for.ts';
import { scratchDatabase } from './scratch.ts';

const { pool, url, supervisor } = scratchDatabase();
const open: Notifications[] = [];

function notifications(address = url(), options: { probeEveryMs?: number } = {}): Notifications {
  const created = new Notifications(address, options);
  open.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((created) => created.close()));
});

/** Between a client and Postgres. What stands when it begins to swallow goes on standing, and nothing comes through. */
class SwallowingProxy {
  connections = 0;
  url = '';
  readonly #server: Server;
  readonly #pairs: [Socket, Socket][] = [];

  private constructor(target: URL) {
    this.#server = createServer((near) => {
      this.connections += 1;
      const far = connect(Number(target.port), target.hostname);
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
      this.#pairs.push([near, far]);
    });
  }

  static async open(target: string): Promise<SwallowingProxy> {
    const url = new URL(target);
    const proxy = new SwallowingProxy(new URL(target));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    url.host = `127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    proxy.url = url.href;
    return proxy;
  }

  swallow(): void {
    for (const [near, far] of this.#pairs) {
      near.unpipe(far);
      far.unpipe(near);
      near.resume();
      far.resume();
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#pairs.flat()) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('Notifications', () => {
  it('hears of control rows by the label of their generation, and of supervisors by id', async () => {
    const f = await supervisor();
    const control: (string | null)[] = [];
    const changed: (string | null)[] = [];
    const both = notifications();
    await both.listen('headgate_control', (payload) => control.push(payload));
    await both.listen('headgate_supervisor', (payload) => changed.push(payload));
    const key = await f.generation();
    await requestPause(pool(), { key, ordinal: 0, leaseMs: 1000 });
    await waitFor(() => control.includes(`${generationLabel(key)}#pause:0:1`), { what: 'the control row' });
    await waitFor(() => changed.includes(f.supervisorId), { what: 'the supervisor' });
  });

  it('tells every handler to look again after the connection was lost, and then hears again', async () => {
    const f = await supervisor();
    const heard: (string | null)[] = [];
    await notifications().listen('headgate_control', (payload) => heard.push(payload));
    await pool().query(`select pg_terminate_backend(pid) from pg_stat_activity
      where application_name = 'headgate-notifications' and datname = current_database()`);
    await waitFor(() => heard.includes(null), { what: 'the call to look again' });
    const key = await f.generation();
    await requestPause(pool(), { key, ordinal: 0, leaseMs: 1000 });
    await waitFor(() => heard.includes(`${generationLabel(key)}#pause:0:1`), { what: 'the control row' });
  });

  it('replaces a connection whose packets are swallowed, and tells everybody to look again', async () => {
    const way = await SwallowingProxy.open(url());
    const heard: (string | null)[] = [];
    await notifications(way.url, { probeEveryMs: 100 }).listen('headgate_control', (got) => heard.push(got));
    const connections = way.connections;
    way.swallow();
    await waitFor(() => way.connections > connections, { what: 'another connection', timeoutMs: 30_000 });
    await waitFor(() => heard.includes(null), { what: 'the call to look again' });
    await way.close();
  });

  it('stops calling a handler that has left', async () => {
    const f = await supervisor();
    const left: (string | null)[] = [];
    const stayed: (string | null)[] = [];
    const both = notifications();
    const leave = await both.listen('headgate_supervisor', (payload) => left.push(payload));
    await both.listen('headgate_supervisor', (payload) => stayed.push(payload));
    leave();
    await f.generation();
    await waitFor(() => stayed.includes(f.supervisorId), { what: 'the supervisor' });
    expect(left).toEqual([]);
  });

  it('can be closed while the server cannot be reached', async () => {
    const lost = notifications('postgres://nobody@127.0.0.1:9/none');
    await lost.listen('headgate_control', () => undefined);
    await lost.close();
    await lost.close();
  });
});
