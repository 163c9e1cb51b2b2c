/** The chronicle: states and troubles are told as they change, once, whoever looks. */
import { expect, it } from 'vitest';
import { Chronicle } from '../../../activities/supervisor/chronicle.ts';
import type { ControlDeps } from '../../../activities/control-deps.ts';
import type { SupervisorStatus } from '../../../domain/supervisor/status.ts';
import { readStory, tellStory } from '../../../storage/stories.ts';
import { someSeen, someState } from '../../domain/supervisor/builders.ts';
import { scratchDatabase } from '../../storage/scratch.ts';

const scratch = scratchDatabase();
const deps = () => ({ pool: scratch.pool(), log: () => undefined }) as unknown as ControlDeps;
const status = (detailedState: SupervisorStatus['detailedState'], reason: string) => ({
  ...someState().status,
  detailedState,
  reason,
});
const gone = (position: number) => ({
  code: 'STREAM_OFFSET_OUT_OF_RANGE',
  groupId: 0,
  message: `topic clicks, partition 3: position ${position} is to be read next, but the log begins at 900`,
  remedy: 'reset',
  streamException: true,
});

async function texts(supervisorId: string): Promise<string[]> {
  const lines = await readStory(scratch.pool(), supervisorId, { limit: 50 });
  return lines.map(({ kind, text }) => `${kind}: ${text}`).reverse();
}

it('tells each change of state once, by one that looks on and by one that begins anew', async () => {
  const first = new Chronicle(deps(), 'states');
  await first.noteStatus(status('PENDING', 'starting'));
  await first.noteStatus(status('RUNNING', 'reading'));
  await first.noteStatus(status('RUNNING', 'reading on'));
  const second = new Chronicle(deps(), 'states');
  await second.noteStatus(status('RUNNING', 'reading on'));
  const third = new Chronicle(deps(), 'states');
  await third.noteStatus(status('RUNNING', 'reading on'));
  // Both see it at the same moment.
  await second.noteStatus(status('SUSPENDED', 'suspended'));
  await third.noteStatus(status('SUSPENDED', 'suspended'));
  await third.noteStatus(status('RUNNING', 'reading again'));
  expect(await texts('states')).toEqual([
    'state: RUNNING: reading',
    'state: RUNNING → SUSPENDED: suspended',
    'state: SUSPENDED → RUNNING: reading again',
  ]);
});

it('tells a trouble when it begins and when it is over, also when it comes again', async () => {
  const first = new Chronicle(deps(), 'troubles');
  const [calm, troubled] = [someSeen(), (position: number) => someSeen({ troubles: [gone(position)] })];
  await first.noteTroubles(calm);
  await first.noteTroubles(troubled(500));
  await first.noteTroubles(troubled(500));
  const [second, third] = [new Chronicle(deps(), 'troubles'), new Chronicle(deps(), 'troubles')];
  await second.noteTroubles(troubled(510));
  await third.noteTroubles(troubled(510));
  await second.noteTroubles(calm);
  await third.noteTroubles(calm);
  await third.noteTroubles(troubled(700));
  expect(await texts('troubles')).toEqual([
    `trouble: ${gone(500).message}`,
    `troubleOver: no longer so: ${gone(500).message}`,
    `trouble: ${gone(700).message}`,
  ]);
});

it('leaves troubles alone that somebody else tells', async () => {
  const theirs = {
    supervisorId: 'others',
    kind: 'trouble',
    text: 'not mirrored',
    details: { group: 'g' },
  } as const;
  await tellStory(scratch.pool(), theirs);
  await new Chronicle(deps(), 'others').noteTroubles(someSeen());
  expect(await texts('others')).toEqual(['trouble: not mirrored']);
});

it('says nothing of troubles while the stream cannot be seen', async () => {
  const chronicle = new Chronicle(deps(), 'blind');
  await chronicle.noteTroubles(someSeen({ troubles: [gone(1)] }));
  const error = { code: 'STREAM_UNREACHABLE', message: 'down', streamException: true };
  await chronicle.noteTroubles(someSeen({ stream: { kind: 'failed', error } }));
  await chronicle.noteTroubles({ kind: 'blind', atMs: 0, error });
  expect(await texts('blind')).toHaveLength(1);
});
