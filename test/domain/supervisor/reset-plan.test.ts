/** What a reset is to do, from an order, rows and a stream: targets, or a refusal with what to do. */
import { describe, expect, test } from 'vitest';
import { toPosition } from '../../../domain/positions.ts';
import type { Positions } from '../../../domain/positions.ts';
import { lostPositions } from '../../../domain/supervisor/lost-positions.ts';
import { planInstant, planOffsets } from '../../../domain/supervisor/reset-offsets-plan.ts';
import { planBackfill, planFullReset } from '../../../domain/supervisor/reset-plan.ts';
import type { ResetRow, ResetView } from '../../../domain/supervisor/reset-plan.ts';
import type { StreamFacts } from '../../../domain/supervisor/facts.ts';

const at = (positions: Record<string, number>): Positions =>
  Object.fromEntries(Object.entries(positions).map(([key, value]) => [key, toPosition(value)]));

const row = (partition: string, next: number | null, changes: Partial<ResetRow> = {}): ResetRow => ({
  partition,
  sourceIdentity: 'topic-1',
  incarnation: '1',
  nextPosition: next === null ? null : toPosition(next),
  ...changes,
});

const stream = (
  bounds: Record<string, readonly [earliest: number, latest: number]>,
  identity = 'topic-1',
): StreamFacts =>
  ({
    kind: 'ok',
    identity,
    identities: Object.fromEntries(Object.keys(bounds).map((partition) => [partition, identity])),
    partitions: Object.keys(bounds),
    earliest: at(Object.fromEntries(Object.entries(bounds).map(([key, [earliest]]) => [key, earliest]))),
    latest: at(Object.fromEntries(Object.entries(bounds).map(([key, [, latest]]) => [key, latest]))),
  }) as StreamFacts;

const down: StreamFacts = {
  kind: 'failed',
  error: { code: 'STREAM_UNREACHABLE', message: 'no broker', streamException: true },
};

function view(changes: Partial<ResetView> = {}): ResetView {
  return {
    supervisorId: 'clicks',
    stream: 'clicks',
    useEarliestOffset: true,
    bounded: null,
    rows: [row('0', 50), row('1', 60)],
    source: stream({ 0: [10, 100], 1: [20, 200] }),
    ...changes,
  };
}

const offsets = (map: Record<string, number>, more: object = {}) => ({
  type: 'kafka' as const,
  force: false,
  dryRun: false,
  partitions: { type: 'end' as const, stream: 'clicks', partitionOffsetMap: at(map) },
  ...more,
});
const instant = (partitions: readonly string[] | null = null) => ({
  type: 'timestamp' as const,
  timestamp: 1,
  partitions,
  force: false,
  dryRun: false,
});
const targets = (plan: { readonly kind: string }) =>
  'targets' in plan ? (plan as { targets: unknown }).targets : plan;
const why = (plan: { readonly kind: string }) => ('why' in plan ? String(plan.why) : plan.kind);

describe('a full reset', () => {
  test('begins where the spec says: at earliest', () => {
    expect(targets(planFullReset(view()))).toEqual([
      { partition: '0', position: '10', sourceIdentity: 'topic-1' },
      { partition: '1', position: '20', sourceIdentity: 'topic-1' },
    ]);
  });

  test('at latest, but not behind what is published on the way there; a position beyond the log goes back', () => {
    const latest = view({ useEarliestOffset: false, rows: [row('0', 50), row('1', 900)] });
    expect(targets(planFullReset(latest))).toMatchObject([
      { partition: '0', position: '100', noEarlier: true },
      { partition: '1', position: '200' },
    ]);
    expect(targets(planFullReset(latest))).not.toMatchObject([{}, { noEarlier: true }]);
  });

  test('of a bounded one at the start of its range', () => {
    const bounded = { starts: at({ 0: 40 }), ends: at({ 0: 90 }) };
    expect(targets(planFullReset(view({ bounded })))).toMatchObject([
      { partition: '0', position: '40' },
      { partition: '1', position: null },
    ]);
  });

  test('accepts a topic that was created again, shorter', () => {
    const plan = planFullReset(view({ source: stream({ 0: [0, 5] }, 'topic-2') }));
    expect(targets(plan)).toEqual([
      { partition: '0', position: '0', sourceIdentity: 'topic-2' },
      { partition: '1', position: null, gone: true },
    ]);
    expect(plan).toMatchObject({ remarks: [expect.stringContaining('1 partitions are gone')] });
  });

  test('waits for a stream that does not answer', () => {
    expect(planFullReset(view({ source: down }))).toMatchObject({
      kind: 'go',
      targets: [],
      remarks: [expect.stringContaining('no broker')],
    });
  });

  test('is refused while a partition has no leader: it would count as a new one later', () => {
    const silent = { ...stream({ 0: [0, 1], 1: [0, 1] }), earliest: at({ 0: 0 }) } as StreamFacts;
    expect(why(planFullReset(view({ source: silent })))).toMatch(/gives no offsets for partition 1/);
  });
});

describe('offsets', () => {
  test('go where they say, within the log', () => {
    expect(targets(planOffsets(offsets({ 1: 200, 0: 10 }), view()))).toEqual([
      { partition: '0', position: '10', sourceIdentity: 'topic-1' },
      { partition: '1', position: '200', sourceIdentity: 'topic-1' },
    ]);
  });

  test('druid 6.64 testSupervisorResetInvalidStream: of another stream are refused, with both names', () => {
    const other = { ...offsets({ 0: 50 }).partitions, stream: 'other' };
    expect(why(planOffsets({ ...offsets({ 0: 50 }), partitions: other }, view()))).toBe(
      'partitions.stream is "other", but supervisor clicks reads "clicks"; give that one',
    );
  });

  test.each([
    [{ 0: 9 }, /partition 0 is 9, but its log holds 10 to 100/],
    [{ 1: 201 }, /partition 1 is 201, but its log holds 20 to 200 \(200 is the next to be written\)/],
    [{ 2: 5 }, /clicks has no partition 2; it has 2 \(0, 1\)/],
  ])('%j is refused', (map, message) => {
    expect(why(planOffsets(offsets(map), view()))).toMatch(message);
  });

  test('outside of the log with force, but of no partition that is not there', () => {
    expect(targets(planOffsets(offsets({ 0: 9_999 }, { force: true }), view()))).toMatchObject([
      { position: '9999' },
    ]);
    expect(why(planOffsets(offsets({ 2: 5 }, { force: true }), view()))).toMatch(/has no partition 2/);
  });

  test('unchecked only with force while the stream does not answer, and only of what is stored', () => {
    expect(why(planOffsets(offsets({ 0: 50 }), view({ source: down })))).toMatch(
      /cannot be checked.*no broker/,
    );
    const forced = (map: Record<string, number>) =>
      planOffsets(offsets(map, { force: true }), view({ source: down }));
    expect(targets(forced({ 0: 5 }))).toEqual([{ partition: '0', position: '5' }]);
    expect(why(forced({ 7: 5 }))).toMatch(/no position is stored for partition 7/);
  });

  test('of a bounded range only within it, whatever is forced', () => {
    const bounded = view({ bounded: { starts: at({ 0: 40 }), ends: at({ 0: 90 }) } });
    expect(targets(planOffsets(offsets({ 0: 90 }), bounded))).toMatchObject([{ position: '90' }]);
    expect(why(planOffsets(offsets({ 0: 91 }, { force: true }), bounded))).toMatch(/reads 40 to 90/);
    expect(why(planOffsets(offsets({ 1: 30 }), bounded))).toMatch(/none of boundedStreamConfig/);
  });

  test('of a topic that was created again: all of its partitions, or none', () => {
    const again = view({ source: stream({ 0: [0, 9], 1: [0, 9] }, 'topic-2') });
    expect(why(planOffsets(offsets({ 0: 0 }), again))).toMatch(
      /topic clicks was deleted and created again \(it was topic-1, now topic-2\).*also 1/,
    );
    expect(targets(planOffsets(offsets({ 0: 0, 1: 3 }), again))).toMatchObject([
      { position: '0', sourceIdentity: 'topic-2' },
      { position: '3', sourceIdentity: 'topic-2' },
    ]);
    const shorter = view({ source: stream({ 0: [0, 9] }, 'topic-2') });
    expect(targets(planOffsets(offsets({ 0: 0 }), shorter))).toMatchObject([
      { partition: '0', position: '0' },
      { partition: '1', position: null, gone: true },
    ]);
  });

  test('before the first discovery: the others begin as the spec says, not as partitions added later', () => {
    const fresh = { rows: [], useEarliestOffset: false };
    expect(targets(planOffsets(offsets({ 0: 30 }), view(fresh)))).toEqual([
      { partition: '0', position: '30', sourceIdentity: 'topic-1', isNew: true },
      { partition: '1', position: '200', sourceIdentity: 'topic-1', isNew: true },
    ]);
    expect(targets(planOffsets(offsets({ 0: 30 }), view({ rows: [] })))).toHaveLength(1);
  });
});

describe('a point in time', () => {
  test('of every partition, or of some', () => {
    expect(targets(planInstant(instant(), view(), at({ 0: 30, 1: 40 })))).toMatchObject([
      { partition: '0', position: '30' },
      { partition: '1', position: '40' },
    ]);
    expect(targets(planInstant(instant(['1']), view(), at({ 1: 40 })))).toMatchObject([{ partition: '1' }]);
  });

  test('after the last record it is the end, and nothing published meanwhile is read again', () => {
    const plan = planInstant(
      instant(),
      view({ rows: [row('0', 50), row('1', 300)] }),
      at({ 0: 100, 1: 200 }),
    );
    expect(targets(plan)).toMatchObject([{ position: '100', noEarlier: true }, { position: '200' }]);
    expect(targets(plan)).not.toMatchObject([{}, { noEarlier: true }]);
  });

  test('stays in a bounded range', () => {
    const bounded = { starts: at({ 0: 40 }), ends: at({ 0: 90 }) };
    expect(targets(planInstant(instant(), view({ bounded }), at({ 0: 95 })))).toMatchObject([
      { partition: '0', position: '90' },
    ]);
  });

  test('needs the stream', () => {
    expect(why(planInstant(instant(), view({ source: down }), null))).toMatch(/did not answer \(no broker\)/);
    expect(why(planInstant(instant(), view(), at({ 0: 30 })))).toMatch(/gives no offsets for partition 1/);
    expect(why(planInstant(instant(['5']), view(), at({})))).toMatch(/has no partition 5/);
  });
});

describe('to latest, with a backfill', () => {
  test('exactly what lies between, of the partitions that are behind', () => {
    const plan = planBackfill(view({ rows: [row('0', 50), row('1', 200)] }));
    expect(plan).toEqual({
      kind: 'backfill',
      targets: [{ partition: '0', position: '100', expected: { incarnation: '1', position: '50' } }],
      range: { starts: { 0: '50' }, ends: { 0: '100' } },
    });
  });

  test.each([
    [
      'nothing is behind',
      { rows: [row('0', 100)] },
      /nothing to backfill: every partition stands at the end/,
    ],
    ['nothing is stored', { rows: [] }, /nothing is stored yet and useEarliestOffset is true/],
    ['nothing is stored, at latest', { rows: [], useEarliestOffset: false }, /^nothing is stored yet: there/],
    ['no stream', { source: down }, /did not answer: no broker/],
    ['another topic', { source: stream({ 0: [0, 9], 1: [0, 9] }, 'topic-2') }, /created again; reset the/],
    ['records are gone', { rows: [row('0', 5)] }, /stands at 5, but the log begins at 10/],
    ['bounded', { bounded: { starts: at({ 0: 1 }), ends: at({ 0: 2 }) } }, /reads one range only/],
  ] as [string, Partial<ResetView>, RegExp][])('is refused: %s', (_what, changes, message) => {
    expect(why(planBackfill(view(changes)))).toMatch(message);
  });
});

describe('the automatic reset', () => {
  const lost = (changes: Partial<ResetView>, held: string[] = []) =>
    lostPositions(view(changes), new Set(held)).map(({ partition, position }) => [partition, position]);

  test('takes what lies before the log, and that only', () => {
    expect(lost({ rows: [row('0', 5), row('1', 20)] })).toEqual([['0', '10']]);
    expect(lost({ rows: [row('0', 101), row('1', null)] })).toEqual([]);
  });

  test('not what a generation holds, nor of another topic, nor what is gone', () => {
    expect(lost({ rows: [row('0', 5)] }, ['0'])).toEqual([]);
    expect(lost({ rows: [row('0', 5, { sourceIdentity: 'topic-0' })] })).toEqual([]);
    expect(lost({ rows: [row('9', 5)] })).toEqual([]);
    expect(lost({ source: down })).toEqual([]);
  });

  test('not beyond the end of a bounded range', () => {
    const bounded = { starts: at({ 0: 1, 1: 1 }), ends: at({ 0: 7, 1: 15 }) };
    expect(lost({ bounded, rows: [row('0', 5), row('1', 15)] })).toEqual([['0', '7']]);
  });
});
