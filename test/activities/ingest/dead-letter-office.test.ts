/** What was delivered before is known by the partition's name, which is not what a letter shows; activities/ingest/dead-letter-office.ts. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { letterLine, type DeadLetter } from '../../../activities/ingest/dead-letter.ts';
import { DeadLetterOffice } from '../../../activities/ingest/dead-letter-office.ts';
import { toPosition } from '../../../domain/positions.ts';

it.each([
  ['one topic', '1', '2'],
  ['a pattern', 'clicks:1', 'more:1'],
])('a letter of %s that was delivered before is not delivered again', async (_, partition, other) => {
  const folder = await mkdtemp(join(tmpdir(), 'headgate-letters-'));
  const localPath = join(folder, 'letters');
  const lineOf = (topic: string, number: string, position: bigint): string =>
    letterLine(
      { position, timestampMs: 0, key: null, value: Buffer.from('bad'), headers: [] },
      { topic, partition: number, reasons: ['why'] },
    );
  const otherPlace = other.split(':');
  const lines = [
    lineOf('clicks', '1', 0n),
    lineOf('clicks', '1', 1n),
    lineOf(otherPlace.length > 1 ? 'more' : 'clicks', otherPlace.at(-1) ?? '', 0n),
  ];
  await writeFile(localPath, lines.map((line) => `${line}\n`).join(''));
  const delivered: DeadLetter[] = [];
  const office = new DeadLetterOffice({
    database: {
      query: async (text) =>
        text.includes('from delivered_letters')
          ? { rows: [{ partition, incarnation: '1', start: '0', delivered: '1' }] }
          : { rows: [{ answer: {} }] },
    },
    scope: { supervisorId: 'wiki', specVersion: 1 },
    sink: {
      deliver: async (letters) => void delivered.push(...letters),
      close: async () => undefined,
    },
    sequenceOf: () => ({
      starts: { [partition]: toPosition(0), [other]: toPosition(0) },
      incarnations: { [partition]: '1', [other]: '1' },
    }),
    persistently: (_what, call) => call(),
    onProgress: () => undefined,
  });
  office.hand({
    sequenceId: 's0',
    localPath,
    positions: { [partition]: toPosition(2), [other]: toPosition(1) },
  });
  await office.settled();
  expect(delivered.map((letter) => `${letter.topic} ${letter.partition} ${letter.offset}`)).toEqual([
    'clicks 1 1',
    `${otherPlace.length > 1 ? 'more' : 'clicks'} ${otherPlace.at(-1)} 0`,
  ]);
  await rm(folder, { recursive: true, force: true });
});
