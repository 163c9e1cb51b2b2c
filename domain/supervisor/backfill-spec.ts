/**
 * The spec of a backfill: that of its supervisor, byte for byte, but for what makes it another one that reads exactly one
 * range. It runs once, so nothing scales it, calls it idle or mirrors its positions.
 */
import { HeadgateError } from '../errors.ts';
import type { Positions } from '../positions.ts';
import { replaceSpans, scanJson } from '../spec/json-text.ts';
import type { JsonSpan } from '../spec/json-text.ts';
import type { BoundedConfig } from '../spec/spec.ts';

/** What would hold for the whole stream, and is left out of a backfill. */
const ofTheWhole = ['autoScalerConfig', 'idleConfig', 'mirrorConsumerGroup'] as const;

export function backfillId(supervisorId: string, letters: string): string {
  return `${supervisorId}_backfill_${letters}`;
}

export function backfillSpec(
  specText: string,
  backfill: { readonly id: string; readonly range: BoundedConfig; readonly taskCount: number | null },
): string {
  const { range, taskCount } = backfill;
  const ioConfig = (root: ObjectSpan): ObjectSpan => objectIn(objectOrSelf(root, 'spec'), 'ioConfig');
  const edits: Edit[] = [
    { of: (root) => root, key: 'id', value: JSON.stringify(backfill.id) },
    {
      of: ioConfig,
      key: 'boundedStreamConfig',
      value: `{"startSequenceNumbers":${offsetsText(range.starts)},"endSequenceNumbers":${offsetsText(range.ends)}}`,
    },
    ...ofTheWhole.map((key): Edit => ({ of: ioConfig, key, value: 'null', onlyIfThere: true })),
    ...(taskCount === null
      ? []
      : [
          { of: ioConfig, key: 'taskCount', value: String(taskCount) },
          // It was chosen for the other number of groups.
          { of: ioConfig, key: 'stopTaskCount', value: 'null', onlyIfThere: true },
        ]),
  ];
  return edits.reduce(edited, specText);
}

type ObjectSpan = Extract<JsonSpan, { kind: 'object' }>;
type Edit = {
  readonly of: (root: ObjectSpan) => ObjectSpan;
  readonly key: string;
  /** JSON. */
  readonly value: string;
  readonly onlyIfThere?: boolean;
};

function edited(text: string, { of, key, value, onlyIfThere }: Edit): string {
  const object = of(rootOf(text));
  const places = object.members.filter((member) => member.key === key).map((member) => member.value);
  if (places.length > 0) return replaceSpans(text, places, value);
  if (onlyIfThere === true) return text;
  const last = object.members.at(-1);
  const at = last === undefined ? object.start + 1 : last.value.end;
  return `${text.slice(0, at)}${last === undefined ? '' : ','}${JSON.stringify(key)}:${value}${text.slice(at)}`;
}

function rootOf(text: string): ObjectSpan {
  const root = scanJson(text);
  if (root?.kind === 'object') return root;
  throw new HeadgateError('SPEC_INVALID', 'spec: found no JSON object, expected a supervisor spec');
}

/** A spec may be nested under `spec` or flat. */
function objectOrSelf(object: ObjectSpan, key: string): ObjectSpan {
  const found = object.members.findLast((member) => member.key === key)?.value;
  return found?.kind === 'object' ? found : object;
}

function objectIn(object: ObjectSpan, key: string): ObjectSpan {
  const found = object.members.findLast((member) => member.key === key)?.value;
  if (found?.kind === 'object') return found;
  throw new HeadgateError('SPEC_INVALID', `spec: found no ${key} object, expected one`);
}

/** Bare digits as Druid has them; beyond 2^53 JSON readers would round those. */
function offsetsText(offsets: Positions): string {
  const entries = Object.entries(offsets).map(
    ([partition, offset]) =>
      `${JSON.stringify(partition)}:${Number.isSafeInteger(Number(offset)) ? offset : JSON.stringify(offset)}`,
  );
  return `{${entries.join(',')}}`;
}
