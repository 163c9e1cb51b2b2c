/** What is told of a task group: its sequences ended, it stopped reading, and what became of it. */
import { positionsText } from '../../domain/positions-text.ts';
import type { Positions } from '../../domain/positions.ts';
import type { GenerationKey } from '../../domain/ids.ts';
import type { GenerationRow } from '../../storage/generations.ts';
import type { NewStoryLine } from '../../storage/stories.ts';
import type { FinishGroupInput } from './contract.ts';

export type EndedSequence = {
  readonly ordinal: number;
  readonly final: boolean;
  readonly ends: Positions;
  readonly why: string | null;
  /** How long replicas were paused. */
  readonly tookMs: number;
  readonly answers: number;
  /** Replicas that were asked. */
  readonly asked: number;
};

export function sequenceEnded(row: GenerationRow, ended: EndedSequence): NewStoryLine {
  const { ordinal, final, why, tookMs, answers, asked, ends } = ended;
  const pause = asked === 0 ? '' : `; its replicas were paused for ${tookMs} ms${silentOnes(ended)}`;
  const what = final ? 'stopped reading' : `ended sequence ${ordinal} and reads on in the next one`;
  return {
    ...about(row.key),
    kind: final ? 'rollover' : 'checkpoint',
    text: `${named(row.key)} ${what}${why === null ? '' : `: ${why}`}; ends ${positionsText(ends)}${pause}.`,
    details: {
      ordinal,
      why,
      tookMs,
      answers,
      asked,
      ends,
      ...(final ? { readMs: Date.now() - row.createdAtMs } : {}),
    },
    key: `ended/${row.baseSequenceName}/${ordinal}`,
  };
}

function silentOnes({ answers, asked }: EndedSequence): string {
  return answers >= asked ? '' : `, ${asked - answers} of ${asked} did not answer in time`;
}

/** Of a group that is over, for whichever reason. */
export function groupOver(row: GenerationRow, { outcome, why }: FinishGroupInput): NewStoryLine {
  const { key, baseSequenceName } = row;
  const base = { ...about(key), key: `over/${baseSequenceName}` };
  const sequences = row.sequences.filter(({ state }) => state === 'published');
  const rows = sequences.reduce((sum, { counters }) => sum + (counters?.processed ?? 0), 0);
  const records = sequences.reduce((sum, { counters }) => sum + (counters?.records ?? 0), 0);
  const details = { rows, records, sequences: sequences.length, why };
  if (outcome === 'discarded')
    return {
      ...base,
      kind: 'discarded',
      text: `${named(key)} was discarded: ${why}. ${sequences.length === 0 ? 'Nothing' : 'Not all'} of what it read is published; the rest is read again.`,
      details,
    };
  const last = row.sequences.at(-1);
  const tookMs = last?.publishedAtMs && last.endedAtMs ? last.publishedAtMs - last.endedAtMs : null;
  return {
    ...base,
    kind: 'published',
    text: `${named(key)} is published: ${rows} rows of ${records} records in ${sequences.length} sequences${tookMs === null ? '' : `, ${tookMs} ms after it stopped reading`}.`,
    details: { ...details, tookMs },
  };
}

export function about(key: GenerationKey) {
  return { supervisorId: key.supervisorId, groupId: key.groupId, generation: key.generation };
}

export function named({ groupId, generation }: GenerationKey): string {
  return `Group ${groupId} (generation ${generation})`;
}
