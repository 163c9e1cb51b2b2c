/** The story of a supervisor in Postgres: told once per key, read newest first, pruned per supervisor. */
import { describe, expect, it } from 'vitest';
import { pruneStories, readStory, tellStory } from '../../storage/stories.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();

describe('stories', () => {
  it('are told once per key, and newest first', async () => {
    await undone(async (database) => {
      await tellStory(database, {
        supervisorId: 'a',
        kind: 'spec',
        text: 'version 1',
        details: { version: 1 },
      });
      for (let tries = 0; tries < 2; tries += 1)
        await tellStory(database, {
          supervisorId: 'a',
          kind: 'taskLost',
          text: 'lost',
          groupId: 0,
          generation: 2,
          taskId: 't',
          key: 'lost t 1',
        });
      const lines = await readStory(database, 'a', { limit: 10 });
      expect(lines.map(({ text }) => text)).toEqual(['lost', 'version 1']);
      expect(lines[0]).toMatchObject({
        kind: 'taskLost',
        groupId: 0,
        generation: 2,
        taskId: 't',
        details: {},
      });
      expect(lines[1]).toMatchObject({ groupId: null, details: { version: 1 } });
      expect(await readStory(database, 'a', { limit: 10, kinds: ['spec'] })).toHaveLength(1);
      expect(await readStory(database, 'a', { limit: 10, beforeId: lines[0]!.eventId })).toHaveLength(1);
      expect(await readStory(database, 'b', { limit: 10 })).toEqual([]);
    });
  });

  it('keep the newest lines of each supervisor', async () => {
    await undone(async (database) => {
      for (const supervisorId of ['a', 'b'])
        for (const text of ['one', 'two', 'three'])
          await tellStory(database, { supervisorId, kind: 'state', text });
      expect(await pruneStories(database, 2)).toBe(2);
      for (const supervisorId of ['a', 'b']) {
        const lines = await readStory(database, supervisorId, { limit: 10 });
        expect(lines.map(({ text }) => text)).toEqual(['three', 'two']);
      }
      expect(await pruneStories(database, 2)).toBe(0);
    });
  });
});
