/**
 * docs/parity.md leaves nothing out: every path the api serves, every state, every scenario of Druid's tests and every
 * hazard has a row; and a scenario that works, or differs on purpose, has a test under its number in each file it names.
 */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import type * as Routes from '../../api/routes.ts';
import type { Route } from '../../api/routes.ts';
import { detailedStateFacts, detailedStates, supervisorStates } from '../../domain/supervisor/status.ts';
import { aWorld } from '../api/fakes.ts';
import { tableRows } from './markdown.ts';

const served = vi.hoisted((): { routes: readonly Route[] } => ({ routes: [] }));

vi.mock('../../api/routes.ts', async (importOriginal) => {
  const original = await importOriginal<typeof Routes>();
  const addRoutes: typeof original.addRoutes = (server, routes) => {
    served.routes = routes;
    original.addRoutes(server, routes);
  };
  return { ...original, addRoutes };
});

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/parity.md'), 'utf8');
const rows = tableRows(page).map(([what = '', verdict = '', why = '']) => ({ what, verdict, why }));

/** The numbers of druid.md 6. */
const scenarios = [
  ...[1, 2, 4, 6, 7, 9, 11, 12, 14, 16, 17, 19, 21, 22, 24, 26, 27, 29, 31, 32, 34, 36, 37, 39, 41, 42],
  ...[44, 46, 47, 49, 51, 52, 54, 56, 57, 59, 61, 62, 64, 66, 67, 69, 71, 72, 74, 76, 77, 79, 81, 82],
  ...[84, 86, 87, 89, 91, 92, 94],
];
const ofKinesis = [79, 81, 82];

describe('paths', () => {
  const { server } = aWorld();
  afterAll(() => server.close());
  const named = new Map(
    rows.flatMap((row) =>
      [...row.what.matchAll(/`([A-Z]+ \/[^`?]*)`/g)].map(([, path = '']) => [path, row] as const),
    ),
  );

  it('of the api have a row each', () => {
    const own = served.routes.filter(({ path }) => !path.startsWith('/proxy/'));
    expect(own.length).toBeGreaterThan(80);
    const missing = own.map(({ method, path }) => `${method} ${path}`).filter((path) => !named.has(path));
    expect(missing).toEqual([]);
  });

  it('that work are served', () => {
    const paths = served.routes.map(({ method, path }) => `${method} ${path}`);
    // What "works" as an error needs no route.
    const works = [...named].filter(
      ([path, { verdict, why }]) => verdict !== 'refused' && !path.includes('...') && !/^40[45]/.test(why),
    );
    expect(works.length).toBeGreaterThan(80);
    expect(works.map(([path]) => path).filter((path) => !paths.includes(path))).toEqual([]);
  });
});

describe('recordings', () => {
  it('of Druid are all named, one by one or as "a to b"', () => {
    const cells = rows.flatMap(({ what, why }) => [what, why]).join('\n');
    const named = new Set(
      [...cells.matchAll(/([a-z]+)-(\d{3})(?: to [a-z]+-(\d{3}))?/g)].flatMap(([, part, from, to = from]) =>
        Array.from({ length: Number(to) - Number(from) + 1 }, (_, index) => {
          const number = String(Number(from) + index).padStart(3, '0');
          return `${part}-${number}`;
        }),
      ),
    );
    const fixtures = join(root, 'test/fixtures');
    const files = readdirSync(fixtures)
      .filter((folder) => folder.startsWith('druid-golden'))
      .flatMap((folder) => readdirSync(join(fixtures, folder)))
      .flatMap((file) => /^[a-z]+-\d{3}/.exec(file)?.[0] ?? []);
    expect(files.length).toBeGreaterThan(300);
    expect(files.filter((name) => !named.has(name))).toEqual([]);
  });
});

describe('states', () => {
  it('have a row each, under the state they belong to', () => {
    const named = rows.map(({ what }) => what);
    const missing = detailedStates
      .map((detailed) => `\`${detailedStateFacts[detailed].state}\` / \`${detailed}\``)
      .filter((what) => !named.includes(what));
    expect(missing).toEqual([]);
    for (const state of supervisorStates)
      expect(
        named.some((what) => what.startsWith(`\`${state}\` / `)),
        state,
      ).toBe(true);
  });
});

describe('scenarios', () => {
  const found = rows.flatMap((row) => {
    const number = /^6\.(\d+) /.exec(row.what)?.[1];
    return number === undefined ? [] : [{ ...row, number: Number(number) }];
  });

  it('have a row each, in order, and there are no others', () => {
    expect([...new Set(found.map(({ number }) => number))]).toEqual(scenarios);
  });

  it('of Kinesis come with Kinesis', () => {
    const kinesis = found.filter(({ number, what }) => ofKinesis.includes(number) || /Kinesis/.test(what));
    expect(kinesis.map(({ number, verdict }) => [number, verdict])).toEqual(
      [...ofKinesis, 94].map((number) => [number, 'later']),
    );
  });

  it.each(found.filter(({ verdict }) => verdict === 'works' || verdict === 'differs on purpose'))(
    '$what',
    ({ number, what, why }) => {
      const files = [...why.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, file = '']) => file);
      expect(files, 'the test files in its last column').not.toEqual([]);
      const unnamed = files.filter((file) => !titlesOf(file).some((title) => isOf(number, title)));
      expect(unnamed, `a title with druid 6.${number}`).toEqual([]);
      const texts = files.map(textOf).join();
      const methods = [...what.matchAll(/\btest\w+/g)].map(([method]) => method);
      expect(methods.filter((method) => !texts.includes(method))).toEqual([]);
    },
  );
});

describe('hazards', () => {
  const found = rows.filter(({ what }) => /^9\.\d+ /.test(what));

  it('have a row each', () => {
    expect(found.map(({ what }) => Number(/^9\.(\d+)/.exec(what)?.[1]))).toEqual(
      Array.from({ length: 15 }, (_, index) => index + 1),
    );
  });

  it('that were mended name a test', () => {
    for (const { what, verdict, why } of found) {
      const files = [...why.matchAll(/`(test\/[^`]+\.test\.ts)`/g)].map(([, file = '']) => file);
      if (verdict === 'differs on purpose') expect(files, what).not.toEqual([]);
      for (const file of files) expect(existsSync(join(root, file)), file).toBe(true);
    }
  });
});

/** What `test`, `it` and `describe` of a file are called, also from the tables of `each`. */
function titlesOf(file: string): string[] {
  return [...textOf(file).matchAll(/(['"`])(druid 6\.\d+(?:(?!\1).)*)\1/g)].map(([, , title = '']) => title);
}

function textOf(file: string): string {
  return existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
}

const isOf = (number: number, title: string): boolean => new RegExp(`^druid 6\\.${number}( |$)`).test(title);
