/** The recorded sampler requests of real Druid that need no broker: the same answers, or a refusal of the same status. */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRecordParser } from '../../../formats/record-parser.ts';
import { readSamplerRequest } from '../../../api/sampler/sampler-request.ts';
import { Sample } from '../../../api/sampler/sample.ts';
import { textRecords } from '../../../api/sampler/sample-records.ts';

const folder = resolve(import.meta.dirname, '../../../../shared/reference/druid-golden');

type Golden = {
  readonly request: { readonly body: unknown };
  readonly response: { readonly status: number; readonly body: Record<string, unknown> };
};

function golden(name: string): Golden {
  return JSON.parse(readFileSync(resolve(folder, `sampler-${name}.json`), 'utf8')) as Golden;
}

async function sampled(body: unknown): Promise<Record<string, unknown>> {
  const { schema, inputFormat, from, limits } = readSamplerRequest(body);
  const sample = new Sample(schema, createRecordParser(schema, inputFormat, 2026));
  if (from.kind !== 'inline') throw new Error('needs a broker');
  for (const record of textRecords(from.data, inputFormat.type)) await sample.add(record);
  return JSON.parse(sample.answer(limits.maxResponseBytes)) as Record<string, unknown>;
}

describe.skipIf(!existsSync(folder))('recorded sampler requests', () => {
  test.each(['008-inline', '010-inline-rollup', '011-inline-discovery'])('%s', async (name) => {
    const { request, response } = golden(name);
    const answer = await sampled(request.body);
    // Messages are our own; that there is one, and where, is the same.
    const plain = (body: Record<string, unknown>) =>
      JSON.parse(JSON.stringify(body, (key, value: unknown) => (key === 'error' ? 'why' : value))) as unknown;
    expect(plain(answer)).toEqual(plain(response.body));
  });

  test.each(['001-without-inner-type', '013-bad-type', '014-no-spec', '016-empty', '019-numRows-large'])(
    '%s is refused',
    (name) => {
      const { request, response } = golden(name);
      expect(response.status).toBe(400);
      expect(() => readSamplerRequest(request.body)).toThrow(
        expect.objectContaining({ code: 'REQUEST_INVALID' }) as Error,
      );
    },
  );
});

describe('a sample', () => {
  const spec = (dataSchema: object, data: string, inputFormat: object = { type: 'json' }) => ({
    type: 'index',
    spec: {
      type: 'index',
      dataSchema: {
        dataSource: 's',
        timestampSpec: { column: 't', format: 'auto' },
        dimensionsSpec: {},
        granularitySpec: { rollup: false },
        ...dataSchema,
      },
      ioConfig: { type: 'index', inputSource: { type: 'inline', data }, inputFormat },
    },
  });

  test('keeps all digits, and shows what is wrong beside the row it concerns', async () => {
    const dimensionsSpec = { dimensions: [{ type: 'long', name: 'l' }, { type: 'float', name: 'f' }, 's'] };
    const { schema, inputFormat, from } = readSamplerRequest(
      spec({ dimensionsSpec }, '{"t":1,"l":9223372036854775807,"f":0.1,"s":1.0}\n{"t":2,"l":"x"}\n{"t":"?"}'),
    );
    const sample = new Sample(schema, createRecordParser(schema, inputFormat, 2026));
    if (from.kind !== 'inline') throw new Error('inline expected');
    for (const record of textRecords(from.data, 'json')) await sample.add(record);
    const text = sample.answer(null);
    expect(text).toContain(
      '{"input":{"t":1,"l":9223372036854775807,"f":0.1,"s":1.0},' +
        '"parsed":{"__time":1,"l":9223372036854775807,"f":0.1,"s":"1.0"}}',
    );
    const { data, numRowsRead, numRowsIndexed } = JSON.parse(text) as {
      data: unknown[];
      numRowsRead: number;
      numRowsIndexed: number;
    };
    expect([numRowsRead, numRowsIndexed]).toEqual([3, 2]);
    expect(data.slice(1)).toEqual([
      {
        input: { t: 2, l: 'x' },
        parsed: { __time: 2 },
        unparseable: true,
        error: expect.stringMatching(/\[x\] to long/),
      },
      { input: { t: '?' }, unparseable: true, error: 'timestamp [?] is unparseable' },
    ]);
  });

  test('leaves rows out beyond the bytes asked for, never all of them', async () => {
    const lines = Array.from({ length: 50 }, (_, at) => `{"t":${at},"s":"${'x'.repeat(100)}"}`).join('\n');
    const body = { ...spec({}, lines), samplerConfig: { maxClientResponseBytes: 1_000 } };
    const answer = (await sampled(body)) as { data: unknown[]; numRowsRead: number };
    expect(answer.data.length).toBeGreaterThan(0);
    expect(answer.data.length).toBeLessThan(10);
    expect(answer.numRowsRead).toBe(answer.data.length);
  });

  test('of a spec with a mistake says which', () => {
    expect(() => readSamplerRequest(spec({ metricsSpec: [{ type: 'longSumm', name: 'x' }] }, ''))).toThrow(
      /Failed to sample data: .*did you mean longSum/s,
    );
  });
});
