/** Where generations start, what they follow, and what becomes of a repeated call (protocol.md 3). */
import { describe, expect, it } from 'vitest';
import {
  createGeneration,
  liveGenerations,
  newestGenerations,
  readGeneration,
} from '../../storage/generations.ts';
import { discardSequence } from '../../storage/publish.ts';
import { storeTombstone } from '../../storage/supervisors.ts';
import { Fixture } from './fixture.ts';
import { ended, outcomeOf } from './guards.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();

describe('createGeneration', () => {
  it('starts at the stored positions and makes a task a replica', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const outcome = await createGeneration(
        database,
        f.generationInput({
          replicas: 2,
          taskLetters: ['aaaaaaaa', 'bbbbbbbb'],
          windowMinMs: 5,
          windowMaxMs: 9,
        }),
      );
      expect(outcome).toEqual({
        kind: 'created',
        key: { supervisorId: 'wiki', groupId: 0, generation: 1 },
        sequenceId: 'index_kafka_wiki_g0_1_0',
        starts: { 0: '100', 1: '200' },
      });
      const row = await f.read({ supervisorId: 'wiki', groupId: 0, generation: 1 });
      expect(row).toMatchObject({ state: 'reading', term: '1', specVersion: 1, dataSource: 'wikipedia' });
      expect(row.tasks.map(({ taskId, replica, state }) => [taskId, replica, state])).toEqual([
        ['index_kafka_wiki_g0_1_aaaaaaaa', 0, 'RUNNING'],
        ['index_kafka_wiki_g0_1_bbbbbbbb', 1, 'RUNNING'],
      ]);
      expect(row.sequences[0]).toMatchObject({
        windowMinMs: 5,
        windowMaxMs: 9,
        incarnations: { 0: '1', 1: '1' },
      });
    });
  });

  it('goes on from ends that are not published yet and says whose', async () => {
    await undone(async (database) => {
      const { f, key } = await ended(database);
      const next = await f.generation({ expectedGeneration: 1 });
      const [sequence] = (await f.read(next)).sequences;
      expect(sequence?.starts).toEqual({ 0: '150', 1: '250' });
      expect(sequence?.predecessorIds).toEqual([f.sequenceId(key)]);
    });
  });

  it('follows partitions into other groups, and gathers them again', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database);
      const one = await f.generation({ groupId: 1, partitions: ['0'] });
      const two = await f.generation({ groupId: 2, partitions: ['1'] });
      expect((await f.read(one)).sequences[0]?.starts).toEqual({ 0: '150' });
      const oneLease = await f.attempt(one);
      const twoLease = await f.attempt(two);
      await f.end(one, oneLease, { 0: 160 });
      await f.end(two, twoLease, { 1: 270 });
      const all = await f.generation({ groupId: 3 });
      const [sequence] = (await f.read(all)).sequences;
      expect(sequence?.starts).toEqual({ 0: '160', 1: '270' });
      expect(sequence?.predecessorIds).toEqual([f.sequenceId(one), f.sequenceId(two)]);
      // And all of it is published in order.
      const allLease = await f.attempt(all);
      await f.end(all, allLease, { 0: 170, 1: 280 });
      expect((await f.publish(allLease, all)).kind).toBe('ahead');
      expect((await f.publish(oneLease, one)).kind).toBe('ahead');
      for (const [of, by] of [
        [key, lease],
        [two, twoLease],
        [one, oneLease],
        [all, allLease],
      ] as const)
        expect((await f.publish(by, of)).kind).toBe('committed');
      expect(await liveGenerations(database, 'wiki')).toEqual([]);
    });
  });

  it('starts again at the stored position when what came before was discarded', async () => {
    await undone(async (database) => {
      const { f, key } = await ended(database);
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'x' });
      const next = await f.generation({ expectedGeneration: 1 });
      expect((await f.read(next)).sequences[0]).toMatchObject({
        starts: { 0: '100', 1: '200' },
        predecessorIds: [],
      });
    });
  });

  it('answers a repeated call with the generation that is there, whatever its letters', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const first = await createGeneration(database, f.generationInput());
      const again = await createGeneration(database, f.generationInput());
      expect(again).toEqual({ ...first, kind: 'existing' });
      expect((await f.read({ supervisorId: 'wiki', groupId: 0, generation: 1 })).tasks).toHaveLength(1);
    });
  });

  it('does not take another partition set, or a discarded generation, for its own retry', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const key = await f.generation();
      expect(await createGeneration(database, f.generationInput({ partitions: ['0'] }))).toMatchObject({
        reason: 'STALE_EXPECTATION',
        newestGeneration: 1,
      });
      await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'x' });
      expect(await createGeneration(database, f.generationInput())).toMatchObject({
        reason: 'STALE_EXPECTATION',
      });
    });
  });

  it('never numbers a generation twice, not even after everything was discarded', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      for (const expectedGeneration of [0, 1, 2, 3, 4]) {
        const key = await f.generation({ expectedGeneration });
        await discardSequence(database, { sequenceId: f.sequenceId(key), why: 'x' });
      }
      expect(await newestGenerations(database, 'wiki')).toEqual([{ groupId: 0, generation: 5 }]);
    });
  });

  it('counts waiting generations along a partition, also when they lie in different groups', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      for (const groupId of [0, 1, 2]) {
        const key = await f.generation({ groupId });
        await f.end(key, await f.attempt(key), { 0: 300 + groupId, 1: 300 + groupId });
      }
      expect(await createGeneration(database, f.generationInput({ groupId: 3 }))).toMatchObject({
        reason: 'TOO_MANY_UNPUBLISHED',
      });
    });
  });

  it('refuses a version that is a tombstone or unknown', async () => {
    const outcome = await undone(async (database) => {
      const f = await Fixture.with(database);
      await storeTombstone(database, { supervisorId: 'wiki', by: 'x' });
      return outcomeOf(createGeneration(database, f.generationInput({ specVersion: 2 })));
    });
    expect(outcome).toBe('INVARIANT_VIOLATED');
  });
});

describe('the state of a generation', () => {
  it('is reading, then publishing, then published', async () => {
    await undone(async (database) => {
      const f = await Fixture.with(database);
      const key = await f.generation();
      const lease = await f.attempt(key);
      const state = async () => (await f.read(key)).state;
      expect(await state()).toBe('reading');
      await f.end(key, lease, { 0: 150, 1: 250 });
      expect(await state()).toBe('publishing');
      await f.publish(lease, key);
      expect(await state()).toBe('published');
    });
  });

  it('is discarded when its end was discarded, also after a first sequence was published', async () => {
    await undone(async (database) => {
      const { f, key, lease } = await ended(database, { final: false });
      await discardSequence(database, { sequenceId: f.sequenceId(key, 1), why: 'x' });
      expect((await f.read(key)).state).toBe('publishing');
      expect((await f.publish(lease, key)).kind).toBe('committed');
      expect((await f.read(key)).state).toBe('discarded');
    });
  });

  it('is null for an unknown one', async () => {
    await undone(async (database) => {
      expect(await readGeneration(database, { supervisorId: 'x', groupId: 0, generation: 1 })).toBeNull();
    });
  });
});
