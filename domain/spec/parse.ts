/**
 * Turns what a user posted into a `SupervisorSpec`, or into the list of everything that is wrong with it.
 *
 * Total: any value gives an answer, in time linear in its size. All problems come at once, each with its path. Druid's
 * two forms are read, nested in `spec` or flat; every default is filled here and nowhere else.
 */
import { checkNames } from './field-names.ts';
import { readDataSchema, readName } from './parse-data-schema.ts';
import { readIoConfig } from './parse-io-config.ts';
import { SectionReader } from './parse-reader.ts';
import { readTuningConfig } from './parse-tuning-config.ts';
import { flag, word } from './parse-values.ts';
import { childPath, itemPath, ProblemList, render, type Problem } from './problem.ts';
import { findHostileSpots, isPlainObject, own, sameJson, type HostileSpot, type JsonObject } from './raw.ts';
import type { SupervisorSpec } from './spec.ts';

export { describeProblems, type Problem } from './problem.ts';

export type ParseResult =
  | { readonly kind: 'ok'; readonly spec: SupervisorSpec; readonly warnings: Problem[] }
  | { readonly kind: 'invalid'; readonly problems: Problem[] };

const sections = ['dataSchema', 'ioConfig', 'tuningConfig'] as const;

export function parseSupervisorSpec(raw: unknown): ParseResult {
  const list = new ProblemList();
  const spec = readSpec(list, raw);
  const { problems } = list;
  if (problems.length > 0 || spec === null) return { kind: 'invalid', problems };
  return { kind: 'ok', spec, warnings: list.warnings };
}

function readSpec(list: ProblemList, raw: unknown): SupervisorSpec | null {
  if (!isPlainObject(raw)) {
    list.problem({
      path: 'spec',
      found: render(raw),
      expected: 'a supervisor spec: a JSON object with type and spec',
    });
    return null;
  }
  const hostile = findHostileSpots(raw, 20);
  for (const spot of hostile) reportHostile(list, spot);
  if (hostile.length > 0) return null;
  const top = new SectionReader(list, raw, '');
  if (!checkType(list, top)) return null;
  const body = readBody(list, top);
  return body === null ? null : readParts(list, top, body);
}

function readParts(list: ProblemList, top: SectionReader, body: SectionReader): SupervisorSpec | null {
  const ioSection = readSection(body, 'ioConfig', 'required');
  const tuningSection = readSection(body, 'tuningConfig', 'optional');
  const schemaSection = readSection(body, 'dataSchema', 'required');
  const io = ioSection === null ? null : readIoConfig(list, ioSection);
  const tuning = readTuningConfig(tuningSection ?? new SectionReader(list, {}, ''));
  const dataSchema = schemaSection === null ? null : readDataSchema(schemaSection);
  const suspended = top.read('suspended', flag, false);
  const id = top.has('id') ? readName(top, 'id') : (dataSchema?.dataSource ?? '');
  const context = top.section('context', 'optional');
  const useConcurrentLocks = context.read('useConcurrentLocks', flag, false);
  if (io === null || dataSchema === null) return null;
  return { id, type: 'kafka', useConcurrentLocks, suspended, dataSchema, io, tuning };
}

/** Null when it is missing or no object; what is required makes a problem of that. */
function readSection(
  body: SectionReader,
  name: (typeof sections)[number],
  need: 'required' | 'optional',
): SectionReader | null {
  const reader = body.section(name, need);
  if (!isPlainObject(body.get(name))) return null;
  if (name !== 'dataSchema')
    reader.read('type', word(['kafka']), null, 'it must agree with the type of the spec, or be left out');
  return reader;
}

/** Another kind of spec has other fields: then this is the only problem worth telling. */
function checkType(list: ProblemList, top: SectionReader): boolean {
  const type = top.get('type');
  if (type === 'kafka') return true;
  if (type === 'kinesis') top.problem('type', 'kafka; kinesis is not supported yet');
  else if (type === undefined && Object.keys(top.raw).length > 0) {
    top.problem('type', 'kafka');
    return true;
  } else top.problem('type', 'kafka');
  return false;
}

/** The object that holds the three sections, with all names in it and around it checked. */
function readBody(list: ProblemList, top: SectionReader): SectionReader | null {
  const isFlat = !top.has('spec') && sections.some((name) => top.has(name));
  if (isFlat) {
    checkNames(list, top.raw, '', '');
    return top;
  }
  const body = top.section('spec', 'required', 'an object with dataSchema, ioConfig and tuningConfig');
  if (!isPlainObject(top.get('spec'))) return null;
  for (const name of sections) checkRepeated(top, body, name);
  for (const name of ['id', 'suspended', 'context'])
    if (body.has(name)) body.warning(name, 'nothing; here it is ignored', 'write it at the top, beside spec');
  if (body.has('type') && body.get('type') !== 'kafka') body.problem('type', 'kafka, or nothing');
  checkNames(list, without(top.raw, ['spec', ...sections]), '', '');
  checkNames(list, without(body.raw, ['type', 'id', 'suspended', 'context']), 'spec', '');
  return body;
}

/** Druid's answers to a GET have the sections twice, nested and flat. The nested one counts; another flat one is a mistake. */
function checkRepeated(top: SectionReader, body: SectionReader, name: string): void {
  if (!top.has(name) || sameJson(top.get(name), own(body.raw, name))) return;
  top.problem(name, `nothing, or the same as spec.${name}`, `write it once, as spec.${name}`);
}

function without(object: JsonObject, names: readonly string[]): JsonObject {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !names.includes(key)));
}

function reportHostile(list: ProblemList, spot: HostileSpot): void {
  const path = spot.path.reduce<string>(
    (parent, step) => (typeof step === 'number' ? itemPath(parent, step) : childPath(parent, step)),
    '',
  );
  if (spot.kind === 'depth')
    list.problem({
      path: path.slice(0, 200),
      found: 'a value nested more than 64 deep',
      expected: 'a flatter one',
    });
  else if (spot.kind === 'javascript')
    list.problem({ path, found: '"javascript"', expected: 'another type', remedy: 'a spec carries no code' });
  else list.problem({ path, found: 'a key that is refused', expected: 'no such key' });
}
