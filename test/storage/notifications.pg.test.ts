/** Listening: what changed is heard, and after a lost connection everybody is told to look again. */
import { afterEach, describe, expect, it } from 'vitest';
import { generationLabel } from '../../domain/ids.ts';
import { requestPause } from '../../storage/control.ts';
import { Notifications } from '../../storage/notifications.ts';
import { waitFor } from '../support/wait-for.ts';
import { scratchDatabase } from './scratch.ts';

const { pool, url, supervisor } = scratchDatabase();
const open: Notifications[] = [];

function notifications(address = url()): Notifications {
  const created = new Notifications(address);
  open.push(created);
  return created;
}

afterEach(async () => {
  await Promise.all(open.splice(0).map((created) => created.close()));
});

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
