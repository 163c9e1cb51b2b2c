/** A task whose records need a schema of a registry: it waits without holding anything up, and loses nothing. */
import { Type } from 'avsc';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ProgressReport } from '../../../../activities/ingest/protocol.ts';
import type { AvroFormat } from '../../../../domain/spec/input-format.ts';
import { FakeRegistry, withId } from '../../../formats/schema-registry/fake-registry.ts';
import { waitFor } from '../../../support/wait-for.ts';
import { aSequence, positions, range, ThreadBench } from './bench.ts';

const schema = {
  type: 'record',
  name: 'Row',
  fields: [
    { name: 't', type: 'long' },
    { name: 'id', type: 'long' },
  ],
} as const;
const row = Type.forSchema(schema as unknown as Parameters<typeof Type.forSchema>[0]);

describe('a task whose records need a schema', () => {
  let bench: ThreadBench;
  let registry: FakeRegistry;
  /** Answers of the registry that are held back until the test lets them go. */
  let held: (() => void)[];

  beforeEach(async () => {
    bench = await ThreadBench.open();
    registry = await FakeRegistry.open();
    registry.ids.set(1, { schema: JSON.stringify(schema) });
    registry.ids.set(2, { schema: JSON.stringify(schema) });
    held = [];
  });

  afterEach(async () => {
    await bench.close();
    await registry.close();
  });

  /** As `ThreadBench.produce`, in Avro. */
  function produce(partition: number, schemaId: number, ids: readonly number[]): void {
    for (const id of ids)
      bench.stream.append(String(partition), {
        value: withId(schemaId, row.toBuffer({ t: 1_767_225_600_000 + id, id })),
      });
  }

  function format(url = registry.url): AvroFormat {
    return {
      type: 'avro_stream',
      flatten: null,
      binaryAsString: false,
      extractUnionsByType: false,
      decoder: { type: 'schema_registry', registry: { urls: [url], capacity: 10, config: {}, headers: {} } },
    };
  }

  function reported(taskKey: number, fits: (report: ProgressReport) => boolean): Promise<ProgressReport> {
    const reports = (): ProgressReport[] =>
      bench.said.flatMap((one) => (one.kind === 'progress' && one.taskKey === taskKey ? [one.report] : []));
    return waitFor(() => reports().find(fits), { what: `a report of task ${taskKey}`, everyMs: 5 });
  }

  function holdAnswers(): void {
    registry.instead = (answer) => {
      held.push(() => answer.end(JSON.stringify({ schema: JSON.stringify(schema) })));
      return true;
    };
  }

  it('reads every record once, asking for each schema once', async () => {
    produce(0, 1, range(0, 100));
    produce(1, 2, range(1_000, 1_050));
    produce(0, 2, range(100, 120));
    await bench.start({ inputFormat: format() });
    await bench.readAll(positions(120, 50));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([...range(0, 120), ...range(1_000, 1_050)]);
    expect(registry.asked.map(({ path }) => path).sort()).toEqual(['/schemas/ids/1', '/schemas/ids/2']);
  });

  it('obeys a pause while it waits, and stands before the record that waits', async () => {
    produce(0, 1, range(0, 10));
    await bench.start({ inputFormat: format() });
    await bench.readAll(positions(10, 0));
    holdAnswers();
    produce(0, 2, range(10, 20));
    await waitFor(() => held.length > 0, { what: 'a question to the registry', everyMs: 2 });
    expect(await bench.pause()).toEqual(positions(10, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 10));
    held.forEach((letGo) => letGo());
    bench.order({ kind: 'resume' });
    await bench.readAll(positions(20, 0));
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 20));
  });

  it('reads a record that waited again after the task went back to before it', async () => {
    produce(0, 1, range(0, 10));
    await bench.start({ inputFormat: format() });
    await bench.readAll(positions(10, 0));
    holdAnswers();
    produce(0, 2, range(10, 20));
    await waitFor(() => held.length > 0, { what: 'a question to the registry', everyMs: 2 });
    const next = aSequence(1, { starts: positions(5, 0) });
    bench.order({ kind: 'ends', sequenceId: 's0', ends: positions(5, 0), next });
    await bench.next('rewound');
    held.forEach((letGo) => letGo());
    await bench.readAll(positions(20, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual(range(0, 5));
    expect(await bench.sealedIds(sealed, 's1')).toEqual(range(5, 20));
  });

  it('lets other tasks of the thread go on, and counts as alive while it waits', async () => {
    holdAnswers();
    produce(0, 1, [0]);
    produce(1, 1, [1_000]);
    await bench.start({ inputFormat: format() });
    await waitFor(() => held.length > 0, { what: 'a question to the registry', everyMs: 2 });
    await bench.start({ inputFormat: { type: 'lines' } }, 2);
    await reported(2, ({ recordsRead }) => recordsRead === 2);
    const waiting = await reported(1, () => true);
    const later = await reported(1, ({ ticks }) => ticks > waiting.ticks);
    expect([waiting.recordsRead, later.recordsRead]).toEqual([0, 0]);
  });

  it('stops while it waits', async () => {
    holdAnswers();
    produce(0, 1, [0]);
    await bench.start({ inputFormat: format() });
    await waitFor(() => held.length > 0, { what: 'a question to the registry', everyMs: 2 });
    bench.order({ kind: 'stop' });
    await bench.next('stopped');
    expect(bench.said.some(({ kind }) => kind === 'failed')).toBe(false);
  });

  it('fails as for a stream that cannot be read, naming the host, when the registry refuses; what was read is kept', async () => {
    produce(0, 1, range(0, 5));
    await bench.start({ inputFormat: format() });
    await bench.readAll(positions(5, 0));
    registry.instead = (answer) => {
      answer.statusCode = 401;
      answer.end();
      return true;
    };
    produce(0, 2, range(5, 10));
    const { error, rowsKept } = await bench.next('failed');
    expect([error.code, rowsKept]).toEqual(['STREAM_SCHEMAS_UNREACHABLE', true]);
    expect(error.message).toContain(`127.0.0.1:${registry.port}`);
    expect(error.message).toMatch(/refuses the login \(401\)/);
    expect(await bench.sealedIds(await bench.spill(), 's0')).toEqual(range(0, 5));
  });

  it('counts a record of a schema nobody has as unparseable, and goes on', async () => {
    produce(0, 1, range(0, 3));
    produce(0, 9, [3]);
    produce(0, 1, [4]);
    await bench.start({ inputFormat: format() });
    await bench.readAll(positions(5, 0));
    const sealed = await bench.spill();
    expect(await bench.sealedIds(sealed, 's0')).toEqual([0, 1, 2, 4]);
    expect(sealed[0]?.counters).toMatchObject({ processed: 4, unparseable: 1 });
  });
});
