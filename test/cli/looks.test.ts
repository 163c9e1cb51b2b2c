/** What the command line shows of a supervisor: lag, stats, records that could not be read, tasks, its story, differences. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { aRawSpec, changed } from '../domain/spec/raw-spec.ts';
import { startFakeApi } from './fake-api.ts';
import type { FakeApi } from './fake-api.ts';

const supervisors = '/druid/indexer/v1/supervisor';
const path = `${supervisors}/a`;
const folder = mkdtempSync(join(tmpdir(), 'headgate-looks-'));
let api: FakeApi;

beforeAll(async () => {
  api = await startFakeApi();
});
afterAll(async () => {
  await api.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => api.forget());

describe('lag', () => {
  const partitions = [
    { partition: '0', groupId: 0, current: 5, latest: 1_005, lag: 1_000, lagMillis: 2_500 },
    { partition: '1', groupId: null, current: null, latest: 7, lag: null, lagMillis: null },
  ];
  const lag = { id: 'a', asOf: '2026-01-01T00:00:00.000Z', lag: null, lagMillis: null, partitions };

  it('shows each partition, and that a sum with an unknown part is unknown', async () => {
    api.answer(`GET ${path}/lag`, lag);
    const { code, out } = await api.run(['lag', 'a']);
    expect(code).toBe(0);
    expect(out).toMatch(/│ 0 +│ 0 +│ 5 +│ 1005 +│ 1,000 +│ 2\.5 s +│/);
    expect(out).toMatch(/│ 1 +│ +│ unknown +│ 7 +│ unknown │ unknown +│/);
    expect(out).toMatch(/^lag unknown; 1,000 without partition 1, as of 2026-01-01T00:00:00\.000Z \(/m);
  });

  it('sums up what is known, and gives programs what the server said', async () => {
    const known = { ...lag, lag: 1_000, lagMillis: 2_500, partitions: partitions.slice(0, 1) };
    api.answer(`GET ${path}/lag`, known);
    expect((await api.run(['lag', 'a'])).out).toMatch(/^lag 1,000 records, 2\.5 s behind, as of 2026/m);
    const exact = '{"id":"a","partitions":[],"lag":9007199254740993}';
    api.answer(`GET ${path}/lag`, exact);
    expect((await api.run(['lag', 'a', '--json'])).out).toBe(`${exact}\n`);
    api.answer(`GET ${supervisors}`, ['a']);
    expect((await api.run(['lag', '--json'])).out).toBe(`[${exact}]\n`);
  });

  it('of all supervisors in one table', async () => {
    api.answer(`GET ${supervisors}`, ['a']);
    api.answer(`GET ${path}/lag`, lag);
    expect((await api.run(['lag'])).out).toMatch(/│ a +│ unknown │ 2 +│ 1 +│ 2026-01-01T/);
    api.answer(`GET ${supervisors}`, []);
    expect((await api.run(['lag'])).out).toMatch(/^no supervisors/);
  });
});

describe('stats', () => {
  const totals = {
    processed: 1_200,
    processedWithError: 1,
    unparseable: 2,
    thrownAway: 3,
    processedBytes: 99,
    thrownAwayByReason: { filtered: 3, null: 0 },
  };
  const rates = { '1m': { processed: 250.4 }, '5m': { processed: 12.34 }, '15m': { processed: 0 } };

  it('shows rates and totals by task and in sum; a sum with an unknown part is unknown', async () => {
    api.answer(`GET ${path}/stats`, {
      0: { t0: { movingAverages: { buildSegments: rates }, totals: { buildSegments: totals } } },
      1: { t1: { totals: { buildSegments: totals } } },
    });
    const { out } = await api.run(['stats', 'a']);
    expect(out).toMatch(/│ 0 +│ t0 +│ 250 +│ 12\.3 +│ 0\.0 +│ 1,200 +│ 1 +│ 2 +│ 3 +│ 99 +│/);
    expect(out).toMatch(/│ 1 +│ t1 +│ unknown +│ unknown/);
    expect(out).toMatch(/│ +│ sum +│ unknown +│ unknown +│ unknown +│ 2,400 +│ 2 +│ 4 +│ 6 +│ 198 +│/);
    expect(out).toMatch(/^thrown away: 6 filtered$/m);
  });

  it('says when no task has told of itself', async () => {
    api.answer(`GET ${path}/stats`, {});
    expect((await api.run(['stats', 'a'])).out).toMatch(/^a: no task has told of itself yet/);
  });
});

describe('parse-errors', () => {
  const error = {
    input: 'x\u001b[2J',
    errorType: 'unparseable',
    details: ['no time'],
    timeOfExceptionMillis: Date.parse('2026-01-01T00:00:00Z'),
    partition: '0',
    offset: '17',
  };

  it('shows where, when and why, and nothing that a terminal would obey', async () => {
    api.answer(`GET ${path}/parseErrors`, [error, { ...error, errorType: 'processedWithError' }]);
    const { out, err } = await api.run(['parse-errors', 'a', '--limit', '1']);
    expect(out).toMatch(/│ 2026-01-01T00:00:00 │ 0 +│ 17 +│ not read │ no time │ x\\u001b\[2J │/);
    expect(out).not.toContain('in part');
    expect(err).toBe('The newest 1 of 2 records; --limit shows more.\n');
    api.answer(`GET ${path}/parseErrors`, []);
    expect((await api.run(['parse-errors', 'a'])).out).toMatch(/no such record is kept; .*maxSaved/);
  });
});

describe('tasks', () => {
  const task = {
    id: 'index_kafka_a_1',
    groupId: 'index_kafka_a',
    createdTime: '2026-01-01T00:00:00.000Z',
    statusCode: 'RUNNING',
    runnerStatusCode: 'PENDING',
    duration: -1,
    dataSource: 'd',
    location: { host: 'h', port: 7 },
    errorMsg: null,
  };

  it('lists those of one supervisor, although others share its data source', async () => {
    api.answer(`GET ${path}/status`, { payload: { dataSource: 'd' } });
    api.answer('GET /druid/indexer/v1/tasks?max=20&state=running&datasource=d', [
      task,
      { ...task, id: 'index_kafka_ab_1', groupId: 'index_kafka_ab' },
    ]);
    const { out, err } = await api.run(['tasks', 'a', '--state', 'running']);
    expect(out).toMatch(/│ index_kafka_a_1 │ PENDING │ 2026-01-01T00:00:00 │ +│ h:7 +│/);
    expect(out).not.toContain('index_kafka_ab_1');
    expect(err).toBe('');
  });

  it('shows what failed and how long it took, and that there may be more', async () => {
    const failed = {
      ...task,
      statusCode: 'FAILED',
      runnerStatusCode: 'NONE',
      duration: 61_000,
      errorMsg: 'e\n2',
    };
    api.answer('GET /druid/indexer/v1/tasks?max=1', [failed]);
    const { out, err } = await api.run(['tasks', '--limit', '1']);
    expect(out).toMatch(/│ FAILED │ 2026-01-01T00:00:00 │ 1 min │ h:7 +│ e\\n2 +│/);
    expect(err).toMatch(/^At most 1 complete tasks/);
    expect(await api.run(['tasks', '--state', 'odd'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('Allowed choices are running'),
    });
  });

  it('shows the log of one and ends one', async () => {
    api.answer('GET /druid/indexer/v1/task/t%2F1/log', 'line 1\nline 2\n');
    expect(await api.run(['tasks', 'log', 't/1'])).toEqual({ code: 0, out: 'line 1\nline 2\n', err: '' });
    api.answer('POST /druid/indexer/v1/task/t/shutdown?wait=true', {
      task: 't',
      outcome: { summary: 'ended' },
    });
    expect((await api.run(['tasks', 'shutdown', 't', '--yes'])).out).toBe('t: ended\n');
    api.answer('POST /druid/indexer/v1/task/t/shutdown?wait=true', { task: 't' });
    expect((await api.run(['tasks', 'shutdown', 't'])).out).toBe('t: not running, left as it is\n');
    expect(JSON.parse((await api.run(['tasks', 'shutdown', 't', '--json', '--url', api.url])).out)).toEqual({
      task: 't',
    });
  });
});

describe('explain', () => {
  const line = {
    eventId: '2',
    supervisorId: 'a',
    atMs: Date.parse('2026-01-01T00:00:00Z'),
    kind: 'taskLost',
    groupId: 0,
    generation: 1,
    taskId: 't',
    text: 'Worker w was lost\u001b[2J',
    details: {},
  };
  const payload = {
    detailedState: 'RUNNING',
    healthy: true,
    suspended: false,
    aggregateLag: 7,
    headgate: { reason: 'reading', remedy: null, asOf: '2026-01-01T00:00:00.000Z', groups: [] },
  };

  it('tells state, autoscaler and story', async () => {
    api.answer(`GET ${path}/explain?limit=500`, {
      id: 'a',
      lines: [line],
      autoscaler: { line: 'stays at 2' },
    });
    api.answer(`GET ${path}/status`, { payload });
    const { code, out } = await api.run(['explain', 'a']);
    expect(code).toBe(0);
    expect(out).toMatch(/^a: RUNNING\n {2}why +reading\n {2}to do +nothing\n {2}lag +7 records, as of /);
    expect(out).toMatch(/ {2}autoscaler +stays at 2\n/);
    expect(out).toMatch(/^Lost workers: /m);
    expect(out).toContain('Worker w was lost\\u001b[2J.');
    expect(out).not.toContain('\u001b');
  });

  it('asks for times and kinds, by topic or by name', async () => {
    api.answer(`GET ${path}/explain*`, { id: 'a', lines: [], truncated: true });
    api.answer(`GET ${path}/status`, { payload });
    const { err } = await api.run([
      'explain',
      'a',
      '--since',
      '2026-01-01',
      '--kind',
      'scaling,taskLost',
      '--all',
    ]);
    expect(api.seen[0]?.request).toBe(
      `GET ${path}/explain?limit=2000&since=2026-01-01T00%3A00%3A00.000Z&kind=scaled%2CscaleSkipped%2CtaskLost`,
    );
    expect(err).toMatch(/^Only the newest 0 lines; --since and --kind/);
  });

  it('tells of one that is terminated; of one that never was it is 4', async () => {
    api.answer(`GET ${path}/explain*`, { id: 'a', lines: [line] });
    expect((await api.run(['explain', 'a'])).out).toMatch(/^a: terminated; what it did is remembered/);
    expect((await api.run(['explain', 'nope'])).code).toBe(4);
  });

  it('gives programs what the server said', async () => {
    api.answer(`GET ${path}/explain*`, { id: 'a', lines: [line] });
    expect(JSON.parse((await api.run(['explain', 'a', '--json'])).out)).toEqual({ id: 'a', lines: [line] });
  });

  it.each([
    [['--since', 'yesterday'], /--since: found "yesterday", expected an instant/],
    [['--kind', 'odd'], /--kind: found "odd", expected positions, failures/],
  ])('%j is wrong usage', async (words, says) => {
    const { code, err } = await api.run(['explain', 'a', ...words]);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });
});

describe('diff', () => {
  const spec = { ...aRawSpec(), id: 'a' };
  const write = (content: unknown): string => {
    const file = join(folder, 'spec.json');
    writeFileSync(file, JSON.stringify(content, null, 2));
    return file;
  };

  it('says nothing differs, whatever the layout, with 0', async () => {
    api.answer(`GET ${path}`, changed(spec, 'spec.ioConfig.taskCount', 3));
    expect(await api.run(['diff', '-f', write(spec)])).toEqual({
      code: 0,
      out: 'a: no difference\n',
      err: '',
    });
  });

  it('shows each place, whether it needs new tasks, and what apply would do, with 1', async () => {
    api.answer(`GET ${path}`, spec);
    const cheap = changed(spec, 'spec.ioConfig.taskDuration', 'PT2H');
    const restartless = await api.run(['diff', '-f', write(cheap)]);
    expect(restartless.code).toBe(1);
    expect(restartless.out).toMatch(
      /^spec\.ioConfig\.taskDuration \(needs no new tasks\)\n {2}- .*\n {2}\+ /,
    );
    expect(restartless.out).toMatch(/\na: 1 difference; `headgate apply` restarts nothing\n$/);
    const dear = await api.run(['diff', '-f', write(changed(cheap, 'spec.ioConfig.replicas', 2))]);
    expect(dear.out).toMatch(/spec\.ioConfig\.replicas \(needs new tasks\)\n {2}- 1\n {2}\+ 2\n/);
    expect(dear.out).toMatch(
      /\na: 2 differences; .* as each task group rolls over, with `--rollover now` at once\n$/,
    );
    const json = JSON.parse((await api.run(['diff', '-f', write(cheap), '--json'])).out) as object;
    expect(json).toMatchObject({ id: 'a', exists: true, differences: [{ needs: 'nothing' }], refused: [] });
  });

  it('shows of a list only what is new and what is gone', async () => {
    const at = 'spec.dataSchema.dimensionsSpec.dimensions';
    api.answer(`GET ${path}`, spec);
    const { out } = await api.run(['diff', '-f', write(changed(spec, at, ['country', 'city', 'browser']))]);
    expect(out).toMatch(/ {2}- .*"page".*\n {2}\+ .*"city".*\n {2}\+ .*"browser"/);
    expect(out).not.toContain('"country"');
  });

  it('compares with a secret that is given by reference from now on', async () => {
    const jaas = (value: unknown) =>
      changed(spec, 'spec.ioConfig.consumerProperties', {
        'bootstrap.servers': 'broker-1:9092',
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': value,
      });
    api.answer(`GET ${path}`, jaas('********'));
    const reference = { type: 'environment', variable: 'KAFKA_JAAS' };
    const { code, out } = await api.run(['diff', '-f', write(jaas(reference))]);
    expect(code).toBe(1);
    expect(out).toMatch(/sasl\.jaas\.config.*\n {2}- "\*{8}"\n {2}\+ .*KAFKA_JAAS/);
  });

  it.each([
    ['of the connection', 'consumerProperties["ssl.key.password"]', { 'bootstrap.servers': 'broker-1:9092' }],
    [
      'of a schema registry',
      'inputFormat.avroBytesDecoder.config["basic.auth.user.info"]',
      { type: 'avro_stream', avroBytesDecoder: { type: 'schema_registry', url: 'http://registry:8081' } },
    ],
  ])('compares with a secret %s that the file has no more', async (_where, place, without) => {
    const file = changed(spec, `spec.ioConfig.${/^\w+/.exec(place)?.[0]}`, without);
    api.answer(`GET ${path}`, changed(file, `spec.ioConfig.${place}`, '********'));
    const { code, out } = await api.run(['diff', '-f', write(file)]);
    expect(out).toMatch(/ {2}- .*"\*{8}"/);
    expect(code).toBe(1);
  });

  it('shows no secret, and says that secrets are not compared', async () => {
    const withSecret = (jaas: string) =>
      changed(spec, 'spec.ioConfig.consumerProperties', {
        'bootstrap.servers': 'broker-1:9092',
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': jaas,
      });
    const jaas =
      'org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="hunter2";';
    api.answer(`GET ${path}`, withSecret('********'));
    const { code, out } = await api.run(['diff', '-f', write(withSecret(jaas))]);
    expect(out).toMatch(/not compared, for they are secret: .*sasl\.jaas\.config/);
    expect(out).not.toContain('hunter2');
    expect(code).toBe(0);
  });

  it('says that apply would create it, or would be refused', async () => {
    expect(await api.run(['diff', '-f', write(spec)])).toMatchObject({
      code: 1,
      out: 'a: does not exist; `headgate apply` would create it\n',
    });
    api.answer(`GET ${path}`, spec);
    const { code, out } = await api.run(['diff', '-f', write(changed(spec, 'spec.ioConfig.topic', 'other'))]);
    expect(code).toBe(1);
    expect(out).toMatch(/`headgate apply` would be refused\. spec\.ioConfig\.topic: /);
  });

  it('ends with 2 when it cannot be told', async () => {
    expect(await api.run(['diff', '-f', write({ type: 'kafka' })])).toMatchObject({ code: 2, out: '' });
    expect((await api.run(['diff', '-f', '-'], { input: '{' })).err).toMatch(
      /^headgate: -: is no valid JSON/,
    );
    expect((await api.run(['diff', '-f', write(spec), '--url', 'http://127.0.0.1:1'])).code).toBe(2);
    expect((await api.run(['diff', '-f', 'nosuch.json'])).code).toBe(4);
    api.answer(`GET ${path}`, { type: 'tomorrow' });
    expect((await api.run(['diff', '-f', write(spec)])).err).toMatch(/cannot be read by this version/);
  });
});
