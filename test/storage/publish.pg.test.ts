/** The commit whole (protocol.md 3.4 to 3.7): what it writes, its retries, its cost; and the discard (5). */
import { describe, expect, it } from 'vitest';
import { isHeadgateError } from '../../domain/errors.ts';
import { readPartitions } from '../../storage/partitions.ts';
import { openPool } from '../../storage/pool.ts';
import { commitSequence, discardSequence } from '../../storage/publish.ts';
import { hour, nextUuid } from './fixture.ts';
import { ended, outcomeOf, ready, reading } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone, supervisor, pool } = scratchDatabase();

describe('a commit', () => {
  it('moves positions, writes ranges and segments, and counts itself, all at once', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      const input = await f.commitInput(key, { files: 2 });
      const paths = input.segments.map((segment) => segment.path);
      await f.intents(lease, paths);
      expect(await commitSequence(database, lease, input)).toEqual({ kind: 'committed', commitSeq: '1' });
      expect((await readPartitions(database, 'wiki')).map((row) => row.nextPosition)).toEqual(['150', '250']);
      const { rows } = await database.query(`select * from segment order by start_at`);
      const version = String(rows[0]?.['version']);
      expect(version).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(rows[0]).toMatchObject({
        segment_id: `wikipedia_1970-01-01T00:00:00.000Z_1970-01-01T01:00:00.000Z_${version}_0`,
        path: paths[0],
        rows: '5',
        used: true,
        columns: [{ name: '__time', type: 'TIMESTAMP' }],
      });
      expect(await f.value(`select jsonb_agg(distinct state) from upload_intent`)).toEqual(['published']);
      expect((await f.read(key)).sequences[0]).toMatchObject({
        state: 'published',
        counters: { records: 5 },
      });
    });
  });

  it('numbers segments of one chunk densely, under the version of the first', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database, { final: false });
      await f.publish(lease, key);
      await f.end(key, lease, { 0: 160, 1: 260 }, { ordinal: 1 });
      const input = await f.commitInput(key, { ordinal: 1, files: 3 });
      const segments = input.segments.map((segment) => ({ ...segment, startMs: 0, endMs: hour }));
      await f.intents(
        lease,
        segments.map((segment) => segment.path),
      );
      await commitSequence(database, lease, { ...input, segments });
      const { rows } = await database.query(
        `select partition_num, version, path from segment where start_at = to_timestamp(0) order by partition_num`,
      );
      expect(rows.map((row) => row['partition_num'])).toEqual([0, 1, 2, 3]);
      expect(new Set(rows.map((row) => row['version'])).size).toBe(1);
      expect(rows.slice(1).map((row) => row['path'])).toEqual(segments.map((segment) => segment.path).sort());
    });
  });

  it('moves the positions when there is nothing to write', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      const input = await f.commitInput(key, { files: 0 });
      expect((await commitSequence(database, lease, input)).kind).toBe('committed');
      expect((await readPartitions(database, 'wiki'))[0]?.nextPosition).toBe('150');
    });
  });

  it('publishes a sequence that read nothing, and the one after it', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      await f.end(key, lease, { 0: 0, 1: 0 }, { final: false });
      await f.end(key, lease, { 0: 150, 1: 0 }, { ordinal: 1 });
      expect((await f.publish(lease, key)).kind).toBe('committed');
      expect((await f.publish(lease, key, 1)).kind).toBe('committed');
    });
  });

  it('answers a repeat with its own publish id, also after the lease moved on', async () => {
    await undone(async (database) => {
      const { f, key, lease, input } = await ready(database);
      await commitSequence(database, lease, input);
      await f.attempt(key);
      expect(await commitSequence(database, lease, input)).toEqual({
        kind: 'already',
        publishId: input.publishId,
      });
      expect(await f.value(`select commit_seq::int from supervisor`)).toBe(1);
    });
  });

  it('leaves nothing behind when it is refused', async () => {
    await undone(async (database) => {
      const { f, lease, input } = await ready(database);
      const look = () =>
        f.value(`select jsonb_build_array((select count(*) from publish), (select count(*) from segment),
          (select count(*) from time_chunk), (select jsonb_agg(state) from upload_intent),
          (select jsonb_agg(next_position) from partition_state))`);
      const before = await look();
      const other = {
        ...input,
        segments: [...input.segments, { ...input.segments[0]!, path: 'never/promised' }],
      };
      expect(await commitSequence(database, lease, other)).toEqual({ kind: 'reaped' });
      expect(await look()).toEqual(before);
    });
  });

  it('before the ends are written is overread', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await reading(database);
      expect(await f.publish(lease, key)).toEqual({ kind: 'overread', ends: {} });
    });
  });

  it('needs every partition of its sequence', async () => {
    await undone(async (database) => {
      const { lease, input } = await ready(database);
      const some = { ...input, ranges: input.ranges.slice(1) };
      expect((await commitSequence(database, lease, some)).kind).toBe('overread');
    });
  });

  it('of a sequence Postgres does not know is time travel, and stops the supervisor', async () => {
    await undone(async (database) => {
      const { f, lease, input } = await ready(database);
      const seen = { supervisorId: 'wiki', timeline: nextUuid(), commitSeq: '0' };
      const strange = { ...input, sequenceId: 'index_kafka_wiki_g0_9_0', seen };
      expect(await outcomeOf(commitSequence(database, lease, strange))).toBe('METADATA_TIME_TRAVEL');
      expect(await commitSequence(database, lease, input)).toEqual({ kind: 'discarded', why: 'restore' });
      expect(await f.value(`select commit_seq::int from supervisor`)).toBe(0);
    });
  });

  it('whose reply is lost fails with an unknown outcome', async () => {
    const nowhere = openPool({ url: 'postgres://nobody@127.0.0.1:9/none', applicationName: 'test' });
    const f = await supervisor();
    const key = await f.generation();
    const lease = await f.attempt(key);
    try {
      const error: unknown = await commitSequence(nowhere, lease, await f.commitInput(key)).catch(
        (caught: unknown) => caught,
      );
      expect(isHeadgateError(error) && [error.code, error.details['outcome']]).toEqual([
        'METADATA_UNAVAILABLE',
        'unknown',
      ]);
    } finally {
      await nowhere.end();
    }
  });

  it('of 64 partitions and 24 segments takes a few milliseconds, also after many commits', async () => {
    const seeds = Object.fromEntries(Array.from({ length: 64 }, (_, index) => [String(index), 0]));
    const f = await supervisor({ seeds });
    const key = await f.generation({ partitions: Object.keys(seeds) });
    const lease = await f.attempt(key);
    const times: number[] = [];
    for (let ordinal = 0; ordinal < 40; ordinal++) {
      const ends = Object.fromEntries(Object.keys(seeds).map((name) => [name, 10 * (ordinal + 1)]));
      await f.end(key, lease, ends, { ordinal, final: false });
      const input = await f.commitInput(key, { ordinal, files: 24 });
      await f.intents(
        lease,
        input.segments.map((segment) => segment.path),
      );
      const started = performance.now();
      expect((await commitSequence(pool(), lease, input)).kind).toBe('committed');
      times.push(performance.now() - started);
    }
    const sorted = times.sort((a, b) => a - b);
    console.log(`commit: median ${sorted[20]?.toFixed(1)} ms, slowest ${sorted.at(-1)?.toFixed(1)} ms`);
    expect(sorted[20]).toBeLessThan(200);
  });
});

describe('a discard', () => {
  it('answers what went and where reading begins again, and the same when repeated', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database, { final: false });
      await f.end(key, lease, { 0: 160, 1: 260 }, { ordinal: 1 });
      const other = await f.generation({ groupId: 5, partitions: ['1'] });
      const outcome = await discardSequence(database, { sequenceId: f.sequenceId(key, 1), why: 'timeout' });
      expect(outcome).toEqual({
        kind: 'discarded',
        sequenceIds: [f.sequenceId(key, 1), f.sequenceId(other)],
        restart: [
          { partition: '0', position: '150' },
          { partition: '1', position: '250' },
        ],
      });
      expect(await discardSequence(database, { sequenceId: f.sequenceId(key, 1), why: 'again' })).toEqual(
        outcome,
      );
      // What came before survives with its lease, and is published.
      expect((await f.publish(lease, key)).kind).toBe('committed');
      expect((await f.read(other)).sequences[0]?.discardWhy).toBe('timeout');
    });
  });
});
