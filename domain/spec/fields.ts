/**
 * Every field Druid documents for Kafka supervisor specs, in one table: what becomes of it here.
 *
 * `works`: does what Druid's does. `noEffect`: accepted with a warning that says why it changes nothing here.
 * `refused`: would change rows, their shape or a promise. `later`: not supported yet. A field that only repeats its
 * default asks for nothing and is accepted in every class, so that what Druid answers to a GET can be posted here.
 * `docs/spec-fields.md` is this table; a test compares the two.
 */
import type { Json } from '../json.ts';
import { dataSchemaFields } from './fields-data-schema.ts';
import { ioConfigFields } from './fields-io-config.ts';
import { tuningConfigFields } from './fields-tuning-config.ts';

export type FieldClass = 'works' | 'noEffect' | 'refused' | 'later';

export type SpecField = {
  /** Below the spec, nested or flat: `ioConfig.taskCount`, `dataSchema.metricsSpec[].name`. */
  readonly path: string;
  readonly class: FieldClass;
  readonly meaning: string;
  /** Absent: none. */
  readonly default?: Json;
  readonly required?: true;
  /** For every class but `works`. */
  readonly why?: string;
  /** Values besides null, the default, {} and [] that ask for nothing. */
  readonly neutral?: readonly Json[];
  /** The only values known, in any case; another one is a typing error whatever the class. */
  readonly values?: readonly string[];
  /** For objects that switch themselves off by a field. */
  readonly switchedOffBy?: { readonly field: string; readonly unless: true };
  /** Free keys or another shape below: names there are not checked against this table. */
  readonly open?: true;
};

const topFields: readonly SpecField[] = [
  {
    path: 'type',
    class: 'works',
    required: true,
    meaning: 'The kind of stream: kafka. It cannot change for an existing id.',
  },
  {
    path: 'id',
    class: 'works',
    meaning: 'The supervisor; the data source when not given. Several supervisors may feed one data source.',
  },
  {
    path: 'suspended',
    class: 'works',
    default: false,
    meaning: 'True: nothing is read, and running tasks publish and stop.',
  },
];

const contextFields: readonly SpecField[] = [
  { path: 'context', class: 'works', meaning: 'Settings copied to tasks. An object; each key below.' },
  {
    path: 'context.useConcurrentLocks',
    class: 'works',
    default: false,
    meaning:
      'resetToLatestAndBackfill asks for it, as in Druid. Nothing else depends on it: any number of supervisors may write to one interval.',
  },
  ...(
    [
      ['taskLockType', 'EXCLUSIVE', 'The kind of lock on an interval.'],
      ['useSharedLock', false, 'An older name for shared locks.'],
      ['forceTimeChunkLock', true, 'Locks on whole time chunks.'],
      ['priority', 75, 'Which lock wins.'],
      ['taskLockTimeout', 300_000, 'How long to wait for a lock, in milliseconds.'],
    ] as const
  ).map(([key, standard, meaning]): SpecField => ({
    path: `context.${key}`,
    class: 'noEffect',
    default: standard,
    meaning,
    why: 'there are no interval locks: any number of supervisors may write to one data source and interval',
  })),
  {
    path: 'context.storeEmptyColumns',
    class: 'refused',
    default: true,
    meaning: 'False leaves out columns that hold only nulls.',
    why: 'every listed column is stored, also when it holds only nulls',
  },
  {
    path: 'context.tags',
    class: 'noEffect',
    meaning: 'Copied to metrics.',
    why: 'metrics carry no tags of the spec',
  },
  {
    path: 'context.checkpoints',
    class: 'noEffect',
    meaning: 'Where each sequence starts, as the supervisor tells its tasks.',
    why: 'positions are kept in Postgres and never travel in a context',
  },
];

/** In the order of the documentation. */
export const specFields: readonly SpecField[] = [
  ...topFields,
  ...contextFields,
  ...dataSchemaFields,
  ...ioConfigFields,
  ...tuningConfigFields,
];
