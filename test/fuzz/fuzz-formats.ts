/**
 * Damaged records of every input format between two right ones: nothing throws, the right ones become rows, and every record
 * ends in at least one fate.
 */
import assert from 'node:assert/strict';
import type { InputRecord } from '../../formats/input-reader.ts';
import { checkSupervisorSpec } from '../../formats/check-spec.ts';
import { createRecordParser, type RecordParser } from '../../formats/record-parser.ts';
import { formatCases, type FormatCase } from './format-cases.ts';
import type { Random } from './random.ts';

type Target = { readonly name: string; readonly parser: RecordParser; readonly right: readonly Buffer[] };

const targets: readonly Target[] = formatCases.map(targetOf);

function targetOf({ name, dataSchema, inputFormat, records }: FormatCase): Target {
  const parsed = checkSupervisorSpec({
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: 'fuzz',
        timestampSpec: { column: 't', format: 'auto' },
        dimensionsSpec: { useSchemaDiscovery: true },
        granularitySpec: { segmentGranularity: 'all', rollup: false },
        ...dataSchema,
      },
      ioConfig: { topic: 'fuzz', inputFormat, consumerProperties: { 'bootstrap.servers': 'localhost:9092' } },
    },
  });
  assert(parsed.kind === 'ok', `${name}: ${JSON.stringify(parsed)}`);
  return {
    name,
    parser: createRecordParser(parsed.spec.dataSchema, parsed.spec.io.inputFormat, 2026),
    right: records.map((record) => (typeof record === 'string' ? Buffer.from(record) : record)),
  };
}

export const formatNames: readonly string[] = targets.map(({ name }) => name);

export function fuzzFormat(random: Random): void {
  const { name, parser, right } = random.pick(targets);
  rows(name, parser, random.pick(right), { isRight: true });
  rows(name, parser, random.damaged(random.pick(right)), { isRight: false });
  rows(name, parser, random.pick(right), { isRight: true });
}

function rows(name: string, parser: RecordParser, value: Buffer, { isRight }: { isRight: boolean }): void {
  const { rows: found, unparseable, filtered, empty } = parser.parse(inputOf(value));
  const fates = found.length + unparseable.length + filtered + (empty ? 1 : 0);
  const shown = `${name}: ${value.toString('base64').slice(0, 400)}`;
  assert(fates >= 1, `no fate: ${shown}`);
  assert(!empty || fates === 1, `empty and more: ${shown}`);
  if (isRight) assert(found.length > 0 && unparseable.length === 0, `a right record gave no row: ${shown}`);
}

function inputOf(value: Buffer): InputRecord {
  return {
    value,
    key: value.subarray(0, 8),
    headers: [{ key: 'h', value: value.subarray(0, 5) }],
    timestampMs: 1_600_000_000_000,
    topic: 'fuzz',
    partition: '0',
    position: 5n,
  };
}
