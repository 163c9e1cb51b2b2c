/**
 * What one query may cost, each limit by its name; and that whoever runs wild, waits, or leaves costs nobody else: a small
 * query is answered meanwhile, places are given back, and processes give way.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isHeadgateError } from '../../domain/errors.ts';
import { QueryEngine } from '../../query/engine.ts';
import type { OpenedSources, QueryCatalog } from '../../query/engine.ts';
import { defaultQueryLimits } from '../../query/limits.ts';
import type { QueryLimits } from '../../query/limits.ts';
import { waitFor } from '../support/wait-for.ts';
import { childPids, hasProc, kernelLimit, nicenessOf } from './limits-processes.ts';
import { aQuery, fakeCatalog, makeWorkplace, openEngine, rowsOf, writeSegment } from './segments.ts';

const mebibyte = 1024 * 1024;
const workplace = makeWorkplace();
const runaway = 'select sum(a.n - b.n + c.n) from many a cross join many b cross join many c';
/** One call of a scalar function is never interrupted. */
const stubborn = `select length(regexp_replace(repeat('ab', 100000000), '(a|b)+?c', 'd'))`;
let sources: Parameters<typeof openEngine>[1];

beforeAll(async () => {
  const many = await writeSegment(
    workplace,
    `select timestamptz '2026-01-01' as __time, range as n, 'v' || (range % 1000) as s from range(1000000)`,
  );
  sources = { many: { groups: [[many]] } };
});

afterAll(() => workplace.remove());

async function withEngine(
  limits: Partial<QueryLimits>,
  work: (engine: QueryEngine) => Promise<void>,
  catalog?: QueryCatalog,
): Promise<void> {
  const engine =
    catalog === undefined
      ? openEngine(workplace, sources, { limits })
      : new QueryEngine(catalog, { scratch: join(workplace.folder, 'scratch'), limits });
  try {
    await work(engine);
  } finally {
    await engine.close();
  }
}

/** `limit: words`, or `answered`. */
function outcomeOf(answering: Promise<unknown>): Promise<string> {
  return answering.then(
    () => 'answered',
    (error: unknown) =>
      isHeadgateError(error)
        ? `${String(error.details['limit'])}: ${error.message}`
        : `raw: ${String(error)}`,
  );
}

const answers = (engine: QueryEngine): Promise<unknown[]> => rowsOf(engine, 'select 1 as a');
const wild = { timeoutMs: 60_000, id: 'wild' };

describe('each limit, by its name', { timeout: 120_000 }, () => {
  it.each<[string, Partial<QueryLimits>, string, RegExp]>([
    ['time', {}, runaway, /^time: .*longer than its timeout/],
    ['time, of what does not listen', { killAfterMs: 200 }, stubborn, /^time: .*longer than its timeout/],
    [
      'memory of the engine',
      { memoryBytes: 64 * mebibyte, spillBytesMax: 0 },
      'select count(distinct n * 7), array_agg(n) from many group by n',
      /^memory: .*needs more memory/,
    ],
    [
      'memory of the process',
      { residentBytesMax: 400 * mebibyte },
      `select sum(char_length(repeat(repeat(s, 1000), 1000))) from many`,
      /^memory: the query process (grew beyond \d+ bytes|died)/,
    ],
    [
      'rows',
      { rowsMax: 1_000 },
      'select n from many limit 1001',
      /^rows: the result has more than 1000 rows/,
    ],
    [
      'bytes',
      { resultBytesMax: 100_000 },
      `select repeat(s, 100) from many limit 1000`,
      /^bytes: .*100000 bytes/,
    ],
    [
      'disk',
      { memoryBytes: 64 * mebibyte, spillBytesMax: 16 * mebibyte },
      `select n, repeat(s, 30) as r from many order by r || cast(n as varchar) desc`,
      /^memory: /,
    ],
  ])('%s', async (_name, limits, sql, says) => {
    await withEngine(limits, async (engine) => {
      const timeoutMs = String(says).includes('time') ? 500 : null;
      expect(await outcomeOf(engine.run(aQuery(sql, { timeoutMs })))).toMatch(says);
      expect(await answers(engine)).toEqual([{ a: 1 }]);
    });
  });

  it('time, however long is asked for', async () => {
    await withEngine({ timeoutMaxMs: 500 }, async (engine) => {
      expect(await outcomeOf(engine.run(aQuery(runaway, { timeoutMs: 90_000_000 })))).toMatch(/^time: /);
    });
  });

  it('rows and bytes of exactly the limit are answered', async () => {
    await withEngine({ rowsMax: 1_000 }, async (engine) => {
      expect(await rowsOf(engine, 'select n from many limit 1000')).toHaveLength(1000);
    });
  });

  it('queries that are begun, whatever they wait for', async () => {
    const waiting = new WaitingCatalog();
    await withEngine(
      { queriesMax: 3 },
      async (engine) => {
        const three = [1, 2, 3].map(() => outcomeOf(engine.run(aQuery('select count(*) as n from many'))));
        await waitFor(() => waiting.asked === 3, { what: 'three queries to wait for rows' });
        expect(await outcomeOf(answers(engine))).toMatch(/^concurrent: 3 queries are begun/);
        waiting.letGo();
        expect(await Promise.all(three)).toEqual(['answered', 'answered', 'answered']);
        expect(await answers(engine)).toEqual([{ a: 1 }]);
      },
      waiting,
    );
  });

  it('tables of one statement, without holding up the process that asks', async () => {
    await withEngine({}, async (engine) => {
      await answers(engine);
      const lag = monitorEventLoopDelay({ resolution: 10 });
      lag.enable();
      const many = Array.from({ length: 10_000 }, (_, at) => `(select 1 from z${at})`).join(',');
      await expect(engine.run(aQuery(`select ${many}`))).rejects.toMatchObject({
        code: 'QUERY_INVALID',
        message: expect.stringMatching(/more than 100 tables.*\(line \[1\], column/),
      });
      lag.disable();
      expect(lag.max / 1e6).toBeLessThan(1_000);
    });
  });
});

/** Data sources whose rows come when the test says so; counts who asked and who released. */
class WaitingCatalog implements QueryCatalog {
  readonly #inner = fakeCatalog(sources);
  readonly #go: (() => void)[] = [];
  readonly systemTableNames = this.#inner.systemTableNames;
  asked = 0;
  released = 0;

  open: QueryCatalog['open'] = async (uses, options): Promise<OpenedSources> => {
    await this.#turn();
    const opened = await this.#inner.open(uses, options);
    return { ...opened, release: () => (this.released++, opened.release()) };
  };

  systemTable: QueryCatalog['systemTable'] = async (...asked) => {
    await this.#turn();
    return this.#inner.systemTable(...asked);
  };

  letGo(): void {
    for (const go of this.#go.splice(0)) go();
  }

  #turn(): Promise<void> {
    this.asked++;
    return new Promise((resolve) => this.#go.push(resolve));
  }
}

describe('leaving', { timeout: 120_000 }, () => {
  it.each([
    ['rows of workers', 'select count(*) as n from many'],
    ['a system table', 'select count(*) as n from sys.tasks'],
  ])('while it waits for %s: at once, and what comes late is released', async (_name, sql) => {
    const waiting = new WaitingCatalog();
    await withEngine(
      {},
      async (engine) => {
        const asked = outcomeOf(engine.run(aQuery(sql, { id: 'leaves' })));
        await waitFor(() => waiting.asked === 1, { what: 'the query to wait' });
        engine.cancel('leaves');
        expect(await asked).toBe('time: the query was cancelled');
        expect(engine.running()).toEqual([]);
        waiting.letGo();
        if (sql.includes('many'))
          await waitFor(() => waiting.released === 1, { what: 'the late rows to be released' });
        expect(await answers(engine)).toEqual([{ a: 1 }]);
      },
      waiting,
    );
  });

  it.each([
    ['rows of workers', 'select count(*) as n from many'],
    ['a system table', 'select count(*) as n from sys.tasks'],
  ])('by its timeout while it waits for %s', async (_name, sql) => {
    const waiting = new WaitingCatalog();
    await withEngine(
      {},
      async (engine) => {
        await answers(engine);
        expect(await outcomeOf(engine.run(aQuery(sql, { timeoutMs: 500 })))).toMatch(/^time: .*its timeout/);
      },
      waiting,
    );
  });

  it('while it waits for a process: at once, and no place is lost', async () => {
    await withEngine({ concurrent: 1, waiting: 5 }, async (engine) => {
      await answers(engine);
      const running = outcomeOf(engine.run(aQuery(runaway, wild)));
      await waitFor(() => engine.running().length === 1, { what: 'the wild query' });
      const waiting = ['a', 'b', 'c'].map((id) => outcomeOf(engine.run(aQuery('select 1 as a', { id }))));
      const gone = new AbortController();
      waiting.push(outcomeOf(engine.run(aQuery('select 1 as a', { left: gone.signal }))));
      for (const id of ['a', 'b', 'c']) engine.cancel(id);
      gone.abort();
      expect(await Promise.all(waiting)).toEqual(waiting.map(() => 'time: the query was cancelled'));
      expect(engine.running().map(({ id }) => id)).toEqual(['wild']);
      engine.cancel('wild');
      expect(await running).toBe('time: the query was cancelled');
      // The only place is there again, and there is only one.
      expect(await Promise.all([answers(engine), answers(engine), answers(engine)])).toHaveLength(3);
    });
  });

  it('because nobody waits for it any more', async () => {
    await withEngine({}, async (engine) => {
      const gone = new AbortController();
      const asked = outcomeOf(engine.run(aQuery(runaway, { ...wild, left: gone.signal })));
      await waitFor(() => engine.running().length === 1, { what: 'the query' });
      gone.abort();
      expect(await asked).toBe('time: the query was cancelled');
      expect(await outcomeOf(engine.run(aQuery('select 1', { left: AbortSignal.abort() })))).toMatch(
        /cancelled/,
      );
      expect(engine.running()).toEqual([]);
    });
  });
});

describe('a wild query', { timeout: 120_000 }, () => {
  it('does not keep a small one of somebody else waiting', async () => {
    await withEngine({}, async (engine) => {
      await answers(engine);
      const running = outcomeOf(engine.run(aQuery(runaway, wild)));
      await waitFor(() => engine.running().length === 1, { what: 'the wild query' });
      for (let at = 0; at < 10; at++) expect(await answers(engine)).toEqual([{ a: 1 }]);
      expect(engine.running().map(({ id }) => id)).toEqual(['wild']);
      engine.cancel('wild');
      expect(await running).toBe('time: the query was cancelled');
    });
  });

  it('does not either when there are more of them than places, and each of them goes on', async () => {
    await withEngine({ concurrent: 2, shortMs: 100 }, async (engine) => {
      await answers(engine);
      const ids = ['wild 1', 'wild 2', 'wild 3', 'wild 4'];
      const running = ids.map((id) => outcomeOf(engine.run(aQuery(runaway, { timeoutMs: 100_000, id }))));
      for (let at = 0; at < 5; at++) expect(await answers(engine)).toEqual([{ a: 1 }]);
      expect(engine.running().map(({ id }) => id)).toEqual(ids);
      for (const id of ids) engine.cancel(id);
      expect(await Promise.all(running)).toEqual(ids.map(() => 'time: the query was cancelled'));
      expect(await answers(engine)).toEqual([{ a: 1 }]);
    });
  });

  it('that had to begin again is answered in full, once', async () => {
    await withEngine({ concurrent: 2, shortMs: 1 }, async (engine) => {
      const sql = 'select n from many order by n limit 3000';
      const eight = Array.from({ length: 8 }, () => rowsOf(engine, sql));
      for (const rows of await Promise.all(eight)) {
        expect(rows).toHaveLength(3000);
        expect(rows[2999]).toEqual({ n: 2999 });
      }
    });
  });

  it.runIf(hasProc)('gives way, and its process is not used for another', async () => {
    await withEngine({ giveWayAfterMs: 100 }, async (engine) => {
      await answers(engine);
      const [pid = 0] = childPids();
      expect(Math.max(...nicenessOf(pid))).toBe(0);
      const running = outcomeOf(engine.run(aQuery(runaway, wild)));
      const slow = await waitFor(() => childPids().find((child) => Math.max(...nicenessOf(child)) > 0), {
        what: 'a process that gives way',
      });
      // All of its threads: those that compute, too.
      await waitFor(() => Math.min(...nicenessOf(slow)) > 0, { what: 'every thread to give way' });
      expect(await answers(engine)).toEqual([{ a: 1 }]);
      engine.cancel('wild');
      await running;
      await waitFor(() => !childPids().includes(slow), { what: 'the process to be replaced' });
    });
  });
});

describe('memory of a query process', { timeout: 60_000 }, () => {
  it.runIf(hasProc)('is bounded by the kernel too, and no core is dumped', async () => {
    const before = new Set(childPids());
    await withEngine({ residentBytesMax: 512 * mebibyte }, async (engine) => {
      await answers(engine);
      const [pid = 0] = childPids().filter((child) => !before.has(child));
      expect(kernelLimit(pid, 'Max data size')).toBe(512 * 1.5 * mebibyte + 1024 * mebibyte);
      expect(kernelLimit(pid, 'Max core file size')).toBe(0);
    });
  });

  it('has room for what DuckDB may use', () => {
    const { memoryBytes, residentBytesMax } = defaultQueryLimits;
    expect(residentBytesMax).toBeGreaterThanOrEqual(1.5 * memoryBytes);
  });

  it('is watched by the process itself, wherever it runs', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'headgate-limits-'));
    const file = join(import.meta.dirname, '../../dist/query/child.js');
    const child = spawn(process.execPath, [file, String(10 * mebibyte)], {
      env: {},
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    const { memoryBytes, spillBytesMax, threads } = defaultQueryLimits;
    child.send({ kind: 'settings', folder, memoryBytes, spillBytesMax, threads });
    const signal = await new Promise((resolve) => child.once('exit', (_code, by) => resolve(by)));
    rmSync(folder, { recursive: true, force: true });
    expect(signal).toBe('SIGKILL');
  });
});
