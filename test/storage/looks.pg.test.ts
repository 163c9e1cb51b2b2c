/** One look of `watch` in one statement each way. */
import { describe, expect, it } from 'vitest';
import { toPosition } from '../../domain/positions.ts';
import { liveGenerations, newestGenerations } from '../../storage/generations.ts';
import { readLook, writeLook } from '../../storage/looks.ts';
import { readPartitions, readStreamPositions } from '../../storage/partitions.ts';
import { readSupervisor, storeSupervisorVersion } from '../../storage/supervisors.ts';
import { Fixture } from './fixture.ts';
import { scratchDatabase } from './scratch.ts';

const { undone } = scratchDatabase();
const status = {
  state: 'RUNNING',
  detailedState: 'RUNNING',
  healthy: true,
  suspended: false,
  reason: '',
  remedy: null,
  recentErrors: [],
  asOfMs: 5,
} as const;

describe('a look', () => {
  it('reads what the single queries read', async () => {
    await undone(async (database) => {
      const fixture = await Fixture.with(database);
      await fixture.generation();
      const { supervisorId } = fixture;
      const newest = await newestGenerations(database, supervisorId);
      const look = await readLook(database, supervisorId);
      expect(look).toEqual({
        row: await readSupervisor(database, supervisorId),
        partitions: await readPartitions(database, supervisorId),
        generations: await liveGenerations(database, supervisorId),
        newest: Object.fromEntries(newest.map(({ groupId, generation }) => [String(groupId), generation])),
      });
      expect(look?.generations).not.toEqual([]);
      expect(look?.partitions).not.toEqual([]);
    });
  });

  it('of a supervisor that has read nothing is empty, and of none it is null', async () => {
    await undone(async (database) => {
      const version = { supervisorId: 'new', dataSource: 'd', specText: '{}', by: 'ada' };
      await storeSupervisorVersion(database, { ...version, desired: 'running' });
      expect(await readLook(database, 'new')).toMatchObject({ partitions: [], generations: [], newest: {} });
      expect(await readLook(database, 'nobody')).toBeNull();
    });
  });

  it('writes the status with the positions, and leaves it alone without one', async () => {
    await undone(async (database) => {
      const version = { supervisorId: 'wiki', dataSource: 'd', specText: '{}', by: 'ada' };
      await storeSupervisorVersion(database, { ...version, desired: 'running' });
      const look = { supervisorId: 'wiki', stream: 'clicks' };
      const place = { partition: '0', earliest: null, latest: toPosition(9), current: null };
      await writeLook(database, { ...look, status, positions: [place] });
      expect((await readSupervisor(database, 'wiki'))?.status).toEqual(status);
      await writeLook(database, { ...look, status: { ...status, asOfMs: 6 }, positions: [] });
      await writeLook(database, {
        ...look,
        status: null,
        positions: [{ ...place, latest: toPosition(12) }],
      });
      expect((await readSupervisor(database, 'wiki'))?.status?.asOfMs).toBe(6);
      expect((await readStreamPositions(database, 'wiki')).map(({ latest }) => latest)).toEqual(['12']);
    });
  });
});
