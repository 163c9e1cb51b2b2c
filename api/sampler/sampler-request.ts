/**
 * The body of `POST /druid/indexer/v1/sampler` (druid.md 2.2): `{type, spec, samplerConfig}`, where type `kafka` samples the
 * topic of a supervisor spec and type `index` inline data. The spec is checked as a posted one is.
 */
import { HeadgateError } from '../../domain/errors.ts';
import type { InputFormat } from '../../domain/spec/input-format.ts';
import { describeProblems } from '../../domain/spec/parse.ts';
import type { DataSchema, IoConfig } from '../../domain/spec/spec.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';

export type SampleLimits = {
  readonly numRows: number;
  readonly timeoutMs: number;
  /** Null: only what an answer may have at all. */
  readonly maxResponseBytes: number | null;
};

export type SampleOrder = {
  readonly schema: DataSchema;
  readonly inputFormat: InputFormat;
  readonly from:
    | { readonly kind: 'kafka'; readonly io: IoConfig }
    /** Text, a record a line or as a whole. */
    | { readonly kind: 'inline'; readonly data: string };
  readonly limits: SampleLimits;
};

type RawObject = { readonly [key: string]: unknown };

const rowsDefault = 200;
const rowsMax = 5_000;
const timeoutDefaultMs = 10_000;
const timeoutMaxMs = 60_000;

/** Throws REQUEST_INVALID or SPEC_INVALID. */
export function readSamplerRequest(body: unknown): SampleOrder {
  const request = objectAt(body, 'body');
  const type = request['type'];
  if (type !== 'kafka' && type !== 'index')
    throw invalid('type', type, 'kafka (a supervisor spec) or index (inline data)');
  const posted = objectAt(request['spec'], 'spec');
  if (posted['type'] !== type)
    throw invalid('spec.type', posted['type'], `${type}, like the type of the request`);
  const limits = readLimits(request['samplerConfig']);
  return type === 'kafka' ? kafkaOrder(posted, limits) : inlineOrder(posted, limits);
}

function kafkaOrder(posted: RawObject, limits: SampleLimits): SampleOrder {
  const { dataSchema, io } = checked(posted);
  return { schema: dataSchema, inputFormat: io.inputFormat, from: { kind: 'kafka', io }, limits };
}

function inlineOrder(posted: RawObject, limits: SampleLimits): SampleOrder {
  const body = bodyOf(posted);
  const io = objectAt(body['ioConfig'], 'spec.ioConfig');
  const source = objectAt(io['inputSource'], 'spec.ioConfig.inputSource');
  if (source['type'] !== 'inline')
    throw invalid(
      'spec.ioConfig.inputSource.type',
      source['type'],
      'inline; other inputs of a batch are not read here, sample a topic or inline data',
    );
  const data = source['data'];
  if (typeof data !== 'string') throw invalid('spec.ioConfig.inputSource.data', data, 'a text');
  const { dataSchema, io: read } = checked({
    dataSchema: body['dataSchema'],
    ioConfig: {
      topic: 'inline',
      inputFormat: io['inputFormat'],
      consumerProperties: { 'bootstrap.servers': 'localhost:9092' },
    },
  });
  return {
    schema: dataSchema,
    inputFormat: read.inputFormat,
    from: { kind: 'inline', data },
    limits,
  };
}

/** Druid's two forms: the parts in `spec`, or beside `type`. */
function bodyOf(posted: RawObject): RawObject {
  return typeof posted['spec'] === 'object' && posted['spec'] !== null
    ? (posted['spec'] as RawObject)
    : posted;
}

function checked(posted: RawObject): { readonly dataSchema: DataSchema; readonly io: IoConfig } {
  const { dataSchema, ioConfig, tuningConfig } = bodyOf(posted);
  const parsed = checkSupervisorSpec({ type: 'kafka', spec: { dataSchema, ioConfig, tuningConfig } });
  if (parsed.kind === 'ok') return parsed.spec;
  throw new HeadgateError('SPEC_INVALID', `Failed to sample data: ${describeProblems(parsed.problems)}`, {
    details: { problems: parsed.problems },
  });
}

function readLimits(raw: unknown): SampleLimits {
  const config = raw === undefined || raw === null ? {} : objectAt(raw, 'samplerConfig');
  const number = (name: string, { least, most }: { least: number; most: number }): number | null => {
    const value = config[name];
    if (value === undefined || value === null) return null;
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    throw invalid(`samplerConfig.${name}`, value, `a whole number from ${least} to ${most}`);
  };
  return {
    numRows: number('numRows', { least: 1, most: rowsMax }) ?? rowsDefault,
    timeoutMs: number('timeoutMs', { least: 0, most: timeoutMaxMs }) || timeoutDefaultMs,
    maxResponseBytes: number('maxClientResponseBytes', { least: 0, most: Number.MAX_SAFE_INTEGER }) || null,
  };
}

function objectAt(value: unknown, path: string): RawObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as RawObject;
  throw invalid(path, value, 'an object');
}

function invalid(path: string, value: unknown, expected: string): HeadgateError {
  const found = value === undefined ? 'nothing' : excerpt(value);
  return new HeadgateError('REQUEST_INVALID', `${path}: found ${found}, expected ${expected}`);
}

function excerpt(value: unknown): string {
  const text = typeof value === 'object' && value !== null ? 'an object or array' : JSON.stringify(value);
  return text.length <= 60 ? text : `${text.slice(0, 60)}...`;
}
