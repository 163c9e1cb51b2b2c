/** Orders from the command line: what is sent, what is asked first, and what is said of the outcome. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startFakeApi } from './fake-api.ts';
import type { FakeApi } from './fake-api.ts';

const path = '/druid/indexer/v1/supervisor/a';
const folder = mkdtempSync(join(tmpdir(), 'headgate-orders-'));
let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => api.forget());

const done = (summary: string, more: object = {}) => ({
  id: 'a',
  state: 'done',
  outcome: { summary, ...more },
});
const posted = () => api.seen.filter(({ request }) => request.startsWith('POST'));

describe('orders', () => {
  it.each([
    [['handoff', 'a', '0', '2'], 'taskGroups/handoff', '{"taskGroupIds":[0,2]}'],
    [['checkpoint', 'a'], 'checkpoint', ''],
    [['checkpoint', 'a', '1'], 'checkpoint', '{"taskGroupIds":[1]}'],
    [['scale', 'a', '4'], 'scale', '{"taskCount":4}'],
    [['scale', 'a', '4', '--reason', 'evening'], 'scale', '{"taskCount":4,"reason":"evening"}'],
    [['reset', 'a', '--yes'], 'reset', ''],
    [['backfill', 'a', '--yes'], 'resetToLatestAndBackfill', ''],
    [['backfill', 'a', '-y', '--task-count', '3'], 'resetToLatestAndBackfill?backfillTaskCount=3', ''],
    [
      ['reset-to-time', 'a', '2026-11-21T09:30Z', '--yes'],
      'resetOffsets',
      '{"type":"timestamp","timestamp":"2026-11-21T09:30:00.000Z"}',
    ],
    [
      ['reset-to-time', 'a', '2026-11-21', '--yes', '-p', '0', 't:1'],
      'resetOffsets',
      '{"type":"timestamp","timestamp":"2026-11-21T00:00:00.000Z","partitions":["0","t:1"]}',
    ],
  ])('%j is one POST with an id of its own', async (words, verb, body) => {
    api.answer(`POST ${path}/${verb}`, done('so it is'));
    expect(await api.run(words)).toEqual({ code: 0, out: 'a: so it is\n', err: '' });
    expect(posted()).toEqual([expect.objectContaining({ request: `POST ${path}/${verb}`, body })]);
    expect(posted()[0]?.headers['x-headgate-command-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(posted()[0]?.headers['x-headgate-by']).toMatch(/^\S+$/);
  });

  it("reads the outcome of an answer that has none (Druid's), by the id it gave the order", async () => {
    api.answer(`POST ${path}/taskGroups/handoff`, '', 202);
    api.answer(`GET ${path}/commands/*`, { state: 'done', outcome: { summary: '1 group was told' } });
    expect(await api.run(['handoff', 'a', '0'])).toMatchObject({ code: 0, out: 'a: 1 group was told\n' });
    const id = posted()[0]?.headers['x-headgate-command-id'] as string;
    expect(api.seen.at(-1)?.request).toBe(`GET ${path}/commands/${id}`);
    const json = await api.run(['handoff', 'a', '0', '--json']);
    expect(JSON.parse(json.out)).toEqual({ outcome: { summary: '1 group was told' } });
  });

  it('does not fail for an outcome that cannot be read', async () => {
    api.answer(`POST ${path}/checkpoint`, { id: 'a' });
    expect(await api.run(['checkpoint', 'a'])).toMatchObject({
      code: 0,
      out: 'a: the checkpoint is taken; `headgate explain a --kind orders` tells what became of it\n',
    });
  });

  it('hands off every group that reads when none is named', async () => {
    const groups = ['reading', 'publishing', 'reading'].map((state, groupId) => ({ groupId, state }));
    api.answer(`GET ${path}/status`, { payload: { headgate: { groups } } });
    api.answer(`POST ${path}/taskGroups/handoff`, done('ok'));
    expect((await api.run(['handoff', 'a'])).code).toBe(0);
    expect(posted()[0]?.body).toBe('{"taskGroupIds":[0,2]}');
    api.answer(`GET ${path}/status`, { payload: { headgate: { groups: [] } } });
    expect(await api.run(['handoff', 'a'])).toEqual({
      code: 1,
      out: '',
      err: 'headgate: a: no task group reads now\n',
    });
  });

  it('waits when asked to, and a wait that is over is 5', async () => {
    api.answer(`POST ${path}/scale?wait=true`, done('from 1 to 4'));
    expect((await api.run(['scale', 'a', '4', '--wait'])).out).toBe('a: from 1 to 4\n');
    api.answer(`POST ${path}/scale?wait=true`, { error: 'not in 60 s', errorCode: 'ORDER_PENDING' }, 504);
    expect(await api.run(['scale', 'a', '4', '--wait'])).toEqual({
      code: 5,
      out: '',
      err: 'headgate: not in 60 s\n',
    });
  });

  it('says what the server refuses, and an unknown id is 4', async () => {
    api.answer(`POST ${path}/scale`, { error: 'there are 2 partitions', errorCode: 'REQUEST_INVALID' }, 400);
    expect(await api.run(['scale', 'a', '4'])).toEqual({
      code: 1,
      out: '',
      err: 'headgate: there are 2 partitions\n',
    });
    expect((await api.run(['checkpoint', 'nope'])).code).toBe(4);
  });
});

describe('orders that skip or repeat data', () => {
  it.each([['reset'], ['backfill'], ['reset-to-time'], ['reset-offsets']])(
    '%s never asks where nobody can answer: --yes is needed, and nothing is sent without',
    async (verb) => {
      api.answer(`GET ${path}/status`, { payload: { stream: 't' } });
      const rest = verb === 'reset-to-time' ? ['2h'] : verb === 'reset-offsets' ? ['0=1'] : [];
      const { code, out, err } = await api.run([verb, 'a', ...rest]);
      expect({ code, out }).toEqual({ code: 2, out: '' });
      expect(err).toMatch(
        /^headgate: a: .* can skip or repeat records, and this is no terminal.*--dry-run.*--yes\n$/,
      );
      expect(posted()).toEqual([]);
    },
  );

  it('a dry run shows what is skipped and what is read again, and changes nothing', async () => {
    api.answer(
      `POST ${path}/reset?dryRun=true`,
      done('full reset', {
        skipped: [{ partition: '0', from: '5', to: '9', records: 4 }],
        readAgain: [
          { partition: 't:1', from: '0', to: '12345678901234567', records: null },
          { partition: '2', from: '7', to: null, records: null },
        ],
      }),
    );
    const { code, out, err } = await api.run(['reset', 'a', '--dry-run', '--yes']);
    expect({ code, err }).toEqual({ code: 0, err: 'Nothing was changed (--dry-run).\n' });
    expect(out).toMatch(/^a \(dry run\): full reset\nnever read:\n/);
    expect(out).toMatch(/│ 0 +│ 5 +│ 9 +│ 4 /);
    expect(out).toMatch(/in the data twice:\n[\s\S]*│ t:1 +│ 0 +│ 12345678901234567 │ 12345678901234567 /);
    expect(out).toMatch(/│ 2 +│ 7 +│ its end +│ unknown /);
    expect(posted()).toHaveLength(1);
    expect(posted()[0]?.headers['x-headgate-command-id']).toBeUndefined();
  });

  it('counts partitions that are too many to list', async () => {
    const skipped = Array.from({ length: 30 }, (_, index) => ({ partition: `${index}`, from: '1', to: '2' }));
    api.answer(`POST ${path}/reset`, done('ok', { skipped, omitted: { skipped: 5 } }));
    expect((await api.run(['reset', 'a', '--yes'])).out).toContain('and 15 more partitions; --json has more');
  });

  it('says whose the records of a backfill are', async () => {
    const skipped = [{ partition: '0', from: '1', to: '2' }];
    api.answer(`POST ${path}/resetToLatestAndBackfill`, done('ok', { skipped, backfillSupervisorId: 'a_b' }));
    expect((await api.run(['backfill', 'a', '--yes'])).out).toContain('left to supervisor a_b:');
  });

  it("sends Druid's body with the stream of the supervisor, digits as they were typed", async () => {
    api.answer(`GET ${path}/status`, { payload: { stream: 'click"s' } });
    api.answer(`POST ${path}/resetOffsets?force=true`, done('ok'));
    const words = ['reset-offsets', 'a', '0=9007199254740993', 't=x:1=007', '--yes', '--force'];
    expect((await api.run(words)).code).toBe(0);
    expect(posted()[0]?.body).toBe(
      '{"type":"kafka","partitions":{"type":"end","stream":"click\\"s","partitionOffsetMap":{"0":9007199254740993,"t=x:1":7}}}',
    );
  });

  it('sends a body from a file as it is', async () => {
    const file = join(folder, 'body.json');
    writeFileSync(file, '{"type": "timestamp", "timestamp": 5}');
    api.answer(`POST ${path}/resetOffsets`, done('ok'));
    expect((await api.run(['reset-offsets', 'a', '--file', file, '--yes'])).code).toBe(0);
    expect(posted()[0]?.body).toBe('{"type": "timestamp", "timestamp": 5}');
    const input = '{"a": 1}';
    await api.run(['reset-offsets', 'a', '-f', '-', '--yes'], { input });
    expect(posted().at(-1)?.body).toBe(input);
  });

  it('takes times relative to now', async () => {
    api.answer(`POST ${path}/resetOffsets*`, done('ok'));
    const before = Date.now();
    expect((await api.run(['reset-to-time', 'a', '-2h', '--yes'])).code).toBe(0);
    const { timestamp } = JSON.parse(posted()[0]?.body ?? '{}') as { timestamp: string };
    expect(Date.parse(timestamp)).toBeGreaterThanOrEqual(before - 7_200_000);
    expect(Date.parse(timestamp)).toBeLessThanOrEqual(Date.now() - 7_200_000);
  });

  it.each([
    [['reset-offsets', 'a', '--yes'], /found no offsets, expected at least one such as 0=4100/],
    [['reset-offsets', 'a', '0=x', '--yes'], /found "0=x", expected <partition>=<offset>/],
    [['reset-offsets', 'a', '0=1', '0=2', '--yes'], /partition 0 was named twice/],
    [['reset-offsets', 'a', '0=1', '--file', 'f', '--yes'], /found 1 offsets and --file/],
    [['reset-to-time', 'a', 'yesterday', '--yes'], /time: found "yesterday", expected an instant such as/],
    [['reset-to-time', 'a', '--dry-rum'], /time: found "--dry-rum", expected/],
    // A misspelt option next to a time that looks like one must not be taken for nothing.
    [['reset-to-time', 'a', '-2h', '--dry-rum', '--yes'], /too many arguments/],
    [['reset-to-time', 'a'], /missing required argument 'time'/],
    [['reset', 'a', '--dry-rum', '--yes'], /unknown option '--dry-rum'/],
    [['scale', 'a', '0'], /Expected a whole number from 1 /],
    [['scale', 'a'], /missing required argument 'taskCount'/],
    [['handoff', 'a', '-1'], /unknown option|whole number/],
    [['handoff', 'a', 'x'], /Expected a whole number from 0 /],
    [['backfill', 'a', '--task-count', '0', '--yes'], /Expected a whole number from 1 /],
  ])('%j is wrong usage, and nothing is sent', async (words, says) => {
    const { code, out, err } = await api.run(words);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(says);
    expect(api.seen).toEqual([]);
  });
});

describe('verbs for all supervisors', () => {
  it('suspends those that run, each by name, and tells which failed', async () => {
    const entries = ['a', 'b', 'c'].map((id) => ({ id, suspended: id === 'b' }));
    api.answer('GET /druid/indexer/v1/supervisor?state=true', entries);
    api.answer('POST /druid/indexer/v1/supervisor/a/suspend', {});
    api.answer(
      'POST /druid/indexer/v1/supervisor/c/suspend',
      { error: 'no', errorCode: 'REQUEST_INVALID' },
      400,
    );
    expect(await api.run(['suspend', '--all'])).toEqual({
      code: 1,
      out: 'a: suspended\nc: no\n',
      err: 'headgate: 1 of 2 failed\n',
    });
    api.answer('GET /druid/indexer/v1/supervisor?state=true', []);
    expect(await api.run(['resume', '--all'])).toMatchObject({
      code: 0,
      out: expect.stringContaining('nothing to do'),
    });
  });

  it('terminates all only with --yes', async () => {
    api.answer('GET /druid/indexer/v1/supervisor?state=true', [{ id: 'a', suspended: true }]);
    api.answer('POST /druid/indexer/v1/supervisor/a/terminate', {});
    const { code, err } = await api.run(['terminate', '--all']);
    expect(code).toBe(2);
    expect(err).toMatch(/it ends every supervisor, and this is no terminal to ask on; give --yes/);
    expect(posted()).toEqual([]);
    expect(await api.run(['terminate', '--all', '--yes'])).toMatchObject({ code: 0, out: 'a: terminated\n' });
  });

  it.each([['suspend'], ['resume'], ['terminate']])('%s: one or all, never both or neither', async (verb) => {
    expect(await api.run([verb])).toMatchObject({
      code: 2,
      err: expect.stringContaining("missing required argument 'id', or --all"),
    });
    expect(await api.run([verb, 'a', '--all'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('one of the two'),
    });
  });
});
