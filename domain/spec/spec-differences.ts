/**
 * In what two specs differ, place by place, and whether tasks that run have to make way for it.
 *
 * They are compared as a GET shows them: layout, order of keys and defaults written out are no difference. Values are masked
 * where they are secret, though it is seen that they differ.
 */
import type { Json, Satisfies } from '../json.ts';
import { consumerProperties } from './consumer-properties.ts';
import { specFields } from './fields.ts';
import { childPath, itemPath } from './problem.ts';
import { isPlainObject, sameJson } from './raw.ts';
import { readSpecText, type ShownSpec } from './render-spec.ts';
import { maskSecrets } from './secrets.ts';
import { plainJson } from './shown-json.ts';
import type { IoConfig, SupervisorSpec, TuningConfig } from './spec.ts';

/** `tasks`: it is done by tasks made of the new spec. `nothing`: the supervisor does it, or nobody. */
export type Needs = 'tasks' | 'nothing';

export type SpecDifference = Satisfies<{
  readonly path: string;
  /** Null where nothing stands. */
  readonly before: Json;
  readonly after: Json;
  readonly needs: Needs;
}>;

/** What running tasks were made of. A new field has to be put here before this compiles. */
const ioNeeds: Readonly<Record<keyof IoConfig, Needs>> = {
  topic: 'tasks',
  isPattern: 'tasks',
  bootstrapServers: 'tasks',
  isolationLevel: 'tasks',
  consumerProperties: 'tasks',
  inputFormat: 'tasks',
  taskCount: 'tasks',
  replicas: 'tasks',
  serverPriorityToReplicas: 'nothing',
  stopTaskCount: 'nothing',
  autoScaler: 'nothing',
  bounded: 'tasks',
  idle: 'nothing',
  emitTimeLag: 'nothing',
  mirrorConsumerGroup: 'nothing',
  taskDurationMs: 'nothing',
  startDelayMs: 'nothing',
  periodMs: 'nothing',
  useEarliestOffset: 'nothing',
  completionTimeoutMs: 'nothing',
  lateMessageRejectionPeriodMs: 'tasks',
  lateMessageRejectionStartMs: 'tasks',
  earlyMessageRejectionPeriodMs: 'tasks',
  pollTimeoutMs: 'tasks',
  deadLetters: 'tasks',
};

const tuningNeeds: Readonly<Record<keyof TuningConfig, Needs>> = {
  maxRowsInMemory: 'tasks',
  maxBytesInMemory: 'tasks',
  intermediatePersistPeriodMs: 'tasks',
  maxRowsPerSegment: 'tasks',
  maxTotalRows: 'tasks',
  intermediateHandoffPeriodMs: 'tasks',
  maxParseExceptions: 'tasks',
  logParseExceptions: 'tasks',
  maxSavedParseExceptions: 'tasks',
  resetOffsetAutomatically: 'nothing',
  offsetFetchPeriodMs: 'nothing',
};

/** Whether tasks of `running` would do other work than tasks of `next`. That one is suspended is not asked here. */
export function changeNeeds(running: SupervisorSpec, next: SupervisorSpec): Needs {
  const differs = <T extends object>(before: T, after: T, needs: Readonly<Record<keyof T, Needs>>): boolean =>
    (Object.keys(needs) as (keyof T)[]).some(
      (name) => needs[name] === 'tasks' && !sameJson(before[name], after[name]),
    );
  const needsTasks =
    !sameJson(running.dataSchema, next.dataSchema) ||
    differs(running.io, next.io, ioNeeds) ||
    differs(running.tuning, next.tuning, tuningNeeds);
  return needsTasks ? 'tasks' : 'nothing';
}

/** The same by Druid's names: what stands at these places, or below, concerns no task. */
const supervisorPlaces: readonly string[] = [
  'context',
  ...[
    'serverPriorityToReplicas',
    'stopTaskCount',
    'autoScalerConfig',
    'idleConfig',
    'emitTimeLagMetrics',
    'mirrorConsumerGroup',
    'taskDuration',
    'startDelay',
    'period',
    'useEarliestOffset',
    'completionTimeout',
  ].map((name) => `ioConfig.${name}`),
  'tuningConfig.resetOffsetAutomatically',
  'tuningConfig.offsetFetchPeriod',
  ...specFields.filter((field) => field.class === 'noEffect').map((field) => field.path),
  ...consumerProperties
    .filter((property) => property.class === 'noEffect')
    .map((property) => childPath('ioConfig.consumerProperties', property.key)),
];

/** Repeated in a GET under another name. */
const repeated: ReadonlySet<string> = new Set([
  'spec.ioConfig.stream',
  'spec.ioConfig.useEarliestSequenceNumber',
]);

/** In the order they are shown; empty: they say the same. Null: one of the texts is no spec that this version can read. */
export function specDifferences(beforeText: string, afterText: string): SpecDifference[] | null {
  const before = readSpecText(beforeText);
  const after = readSpecText(afterText);
  if (before === null || after === null) return null;
  const found: SpecDifference[] = [];
  collect(sidesOf(before), sidesOf(after), '', found);
  const differences = found.filter(({ path }) => !repeated.has(path));
  if (changeNeeds(before.spec, after.spec) === 'tasks') return differences;
  // Another way to write the same.
  return differences.map((one) => (one.path === 'suspended' ? one : { ...one, needs: 'nothing' }));
}

type Sides = { readonly value: Json; readonly masked: Json };

function sidesOf({ spec, shown }: { spec: SupervisorSpec; shown: ShownSpec }): Sides {
  const { type: _, ...rest } = shown;
  const value = withoutImplied(plainJson(rest), spec);
  return { value, masked: maskSecrets(value) };
}

/** Exclusions that follow from columns would be told twice. */
function withoutImplied(value: Json, { dataSchema }: SupervisorSpec): Json {
  const implied = new Set<unknown>([
    '__time',
    dataSchema.timestampSpec.column,
    ...dataSchema.metrics.flatMap(({ name, fieldName }) => [name, fieldName]),
  ]);
  return JSON.parse(JSON.stringify(value), (key, item: unknown) =>
    key === 'dimensionExclusions' && Array.isArray(item) ? item.filter((name) => !implied.has(name)) : item,
  ) as Json;
}

function collect(before: Sides, after: Sides, path: string, found: SpecDifference[]): void {
  if (sameJson(before.value, after.value)) return;
  if (isPlainObject(before.value) && isPlainObject(after.value)) {
    for (const name of new Set([...Object.keys(before.value), ...Object.keys(after.value)]))
      collect(member(before, name), member(after, name), childPath(path, name), found);
  } else if (Array.isArray(before.value) && before.value.length === (after.value as Json[] | null)?.length) {
    before.value.forEach((_, index) => {
      collect(member(before, index), member(after, index), itemPath(path, index), found);
    });
  } else {
    found.push({ path, before: before.masked, after: after.masked, needs: needsOf(path) });
  }
}

function member({ value, masked }: Sides, key: string | number): Sides {
  const at = (side: Json): Json => {
    const held = side as Readonly<Record<string, Json>> | null;
    // What is masked as a whole has nothing inside.
    return typeof held !== 'object' ? held : ((Object.hasOwn(held ?? {}, key) ? held?.[key] : null) ?? null);
  };
  return { value: at(value), masked: at(masked) };
}

function needsOf(path: string): Needs {
  const place = path.replace(/^spec\./, '').replaceAll(/\[\d+\]/g, '[]');
  const isAt = (known: string): boolean =>
    place === known || place.startsWith(`${known}.`) || place.startsWith(`${known}[`);
  return supervisorPlaces.some(isAt) ? 'nothing' : 'tasks';
}
