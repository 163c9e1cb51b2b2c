import { createRecordParser } from '/work/main/formats/record-parser.ts';
import { RowIndex } from '/work/main/segments/row-index.ts';
import { writeSpill } from '/work/main/segments/spill.ts';
import { buildSegments } from '/work/main/segments/build-segments.ts';
import type { DataSchema } from '/work/main/domain/spec/spec.ts';
const N = Number(process.argv[2] ?? 300000);
const dim = (name: string, type: any = 'string') => ({ name, type, multiValueHandling: 'sorted_array' as const });
const schema: DataSchema = { dataSource: 'b', timestampSpec: { column: 'time', format: 'auto', missingValueMs: null },
  dimensions: [dim('page'), dim('country'), dim('channel'), dim('browser')], discoverDimensions: false, dimensionExclusions: [],
  metrics: [{ type: 'count', name: 'n', fieldName: null }, { type: 'longSum', name: 'added', fieldName: 'added' }, { type: 'longSum', name: 'deleted', fieldName: 'deleted' }, { type: 'doubleSum', name: 'delta', fieldName: 'delta' }, { type: 'longMin', name: 'mn', fieldName: 'added' }, { type: 'longMax', name: 'mx', fieldName: 'added' }],
  segmentGranularity: { kind: 'duration', durationMs: 86400000 }, queryGranularity: { kind: 'duration', durationMs: 60000 }, rollup: true };
let x = 12345; const rnd = (n: number) => { x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff; return x % n; };
const zipf = (n: number) => Math.floor(n ** (rnd(1e6) / 1e6)) ;
const start = Date.UTC(2026, 0, 1);
const records: { value: Uint8Array }[] = []; let bytes = 0;
for (let i = 0; i < N; i++) {
  const t = new Date(start + Math.floor(i / N * 3600000) + rnd(5000)).toISOString();
  const v = Buffer.from(JSON.stringify({ time: t, page: 'Page_' + zipf(20000), country: 'C' + zipf(50), channel: '#' + ['en','de','fr','ja'][zipf(4) % 4] + '.wikipedia', browser: ['firefox','chrome','safari'][rnd(3)], user: 'user' + rnd(100000), comment: 'some comment text ' + rnd(1000), added: rnd(1000), deleted: rnd(100), delta: rnd(10000) / 7, robot: rnd(2) === 0 }));
  records.push({ value: v }); bytes += v.length;
}
const cpu = (label: string, f: () => void, n = N) => { const t0 = process.cpuUsage(); f(); const d = process.cpuUsage(t0); console.log(label, Math.round(n / ((d.user + d.system) / 1e6)), 'rows per CPU-second'); };
import { monitorEventLoopDelay } from 'node:perf_hooks';
console.log('bytes/row', Math.round(bytes / N));
for (let rep = 0; rep < 2; rep++) {
  const parser = createRecordParser(schema);
  cpu('JSON.parse only', () => { for (const r of records) JSON.parse((r.value as Buffer).toString()); });
  cpu('parse only', () => { let c = 0; for (const r of records) c += parser.parse(r).rows.length; if (c !== N) throw new Error(String(c)); });
  for (const rollup of [true, false]) {
    let index = new RowIndex({ ...schema, rollup });
    cpu(`parse+index rollup=${rollup}`, () => { for (const r of records) for (const row of parser.parse(r).rows) index.add(row); });
    console.log('rows', index.rows, 'bytes', index.bytes);
    cpu('writeSpill (rows in index)', () => { const g = writeSpill(index, '/tmp/dd/x.spill'); while (!g.next().done); }, index.rows);
    const t0 = process.cpuUsage();
    const h = monitorEventLoopDelay({resolution:1}); h.enable();
    const g = buildSegments({ schema: { ...schema, rollup }, spills: ['/tmp/dd/x.spill'], memory: index, folder: '/tmp/dd/out', header: null });
    let r; let longest = 0; let last = performance.now(); while (!(r = await g.next()).done) { await new Promise(r=>setImmediate(r)); const now = performance.now(); longest = Math.max(longest, now - last); last = now; }
    const d = process.cpuUsage(t0); console.log('build (input rows x2)', Math.round(2 * index.rows / ((d.user + d.system) / 1e6)), 'rows/CPU-s; out', (r.value as any)[0].rows, (r.value as any)[0].size, 'longest step ms', longest.toFixed(1), 'loop max ms', h.max/1e6, 'p99', h.percentile(99)/1e6);
  }
}
