/** What Tab offers, and when it is asked of the server. */
import { describe, expect, it } from 'vitest';
import { complete } from '../../../cli/sql/completion.ts';
import { reservedWords, writtenName } from '../../../cli/sql/keywords.ts';
import { ServerNames } from '../../../cli/sql/schema-names.ts';
import type { SchemaNames } from '../../../cli/sql/schema-names.ts';
import type { SqlBody } from '../../../cli/sql/sql-client.ts';

const columns: Record<string, string[]> = {
  'druid.clicks': ['__time', 'country', 'count', 'city name'],
  'druid.customers': ['id', 'country'],
  'sys.segments': ['segment_id', 'path'],
};

const names: SchemaNames = {
  tables: () =>
    Promise.resolve([
      { schema: 'druid', name: 'clicks' },
      { schema: 'druid', name: 'flight delays' },
      { schema: 'druid', name: 'customers' },
      { schema: 'sys', name: 'segments' },
    ]),
  columns: ({ schema, name }) => Promise.resolve(columns[`${schema}.${name}`] ?? []),
  functions: () => Promise.resolve(['COUNT', 'COALESCE', 'TIME_FLOOR', '||']),
};

describe('complete', () => {
  it.each<[string, string, string[], string]>([
    ['select * from cl', '', ['clicks'], 'cl'],
    ['select * from ', '', ['clicks', '"flight delays"', 'customers', 'sys.segments'], ''],
    ['select * from FL', '', ['"flight delays"'], 'FL'],
    ['select * from "fl', '', ['"flight delays"'], '"fl'],
    ['select * from "cl', '', ['"clicks"'], '"cl'],
    ['select 1 from clicks, cu', '', ['customers'], 'cu'],
    ['select 1 from clicks join cu', '', ['customers'], 'cu'],
    ['select 1 from sys.s', '', ['segments'], 's'],
    ['select TIME_F', '', ['TIME_FLOOR('], 'TIME_F'],
    ['select time_f', '', ['time_floor('], 'time_f'],
    ['sel', '', ['select'], 'sel'],
    ['SEL', '', ['SELECT'], 'SEL'],
    ['select cou', ' from clicks', ['country', '"count"', 'count('], 'cou'],
    ['select cou', ' from customers', ['country', 'count('], 'cou'],
    ['select ', ' from clicks', ['__time', 'country', '"count"', '"city name"'], ''],
    ['select "ci', ' from clicks', ['"city name"'], '"ci'],
    ['select "__', ' from clicks', ['"__time"'], '"__'],
    ['select c.cou', ' from clicks c', ['country', '"count"'], 'cou'],
    ['select c.cou', ' from clicks as c, customers d', ['country', '"count"'], 'cou'],
    ['select clicks.', ' from customers, clicks', ['__time', 'country', '"count"', '"city name"'], ''],
    ['select seg', ' from sys.segments', ['segment_id'], 'seg'],
    ['select 1 from clicks, customers where coun', '', ['country', '"count"', 'count('], 'coun'],
    ["select 'cou", ' from clicks', [], ''],
    ['select /* cou', ' from clicks', [], ''],
    ["select 'from clicks', cou", '', ['count('], 'cou'],
    ['select zzz', '', [], 'zzz'],
  ])('%j before the cursor, %j after', async (before, after, hits, word) => {
    expect(await complete(before, after, names)).toEqual([hits, word]);
  });
});

it('writtenName quotes what is no plain name', () => {
  expect(['abc', '__time', 'a b', 'count', 'Value', 'a"b', '1a', 'é'].map(writtenName)).toEqual([
    'abc',
    '__time',
    '"a b"',
    '"count"',
    '"Value"',
    '"a""b"',
    '"1a"',
    '"é"',
  ]);
  expect([...reservedWords].filter((word) => !/^[A-Z_]+$/.test(word))).toEqual([]);
});

describe('ServerNames', () => {
  function server() {
    const asked: SqlBody[] = [];
    let isUp = true;
    const client = {
      run: (body: SqlBody) => {
        asked.push(body);
        if (!isUp) return Promise.reject(new Error('down'));
        const text = (async function* () {
          yield await Promise.resolve('[["druid","clicks"],["druid","a b"]]\n');
        })();
        return Promise.resolve({ text, incomplete: null });
      },
    };
    return { client, asked, setUp: (value: boolean) => (isUp = value) };
  }

  it('asks once a minute, names as parameters', async () => {
    const { client, asked } = server();
    let now = 0;
    const fromServer = new ServerNames(client, () => now);
    expect(await Promise.all([fromServer.tables(), fromServer.tables()])).toEqual(
      Array(2).fill([
        { schema: 'druid', name: 'clicks' },
        { schema: 'druid', name: 'a b' },
      ]),
    );
    now = 59_999;
    await fromServer.tables();
    expect(asked).toHaveLength(1);
    now = 60_001;
    await fromServer.tables();
    expect(asked).toHaveLength(2);
    await fromServer.columns({ schema: 'druid', name: "it's" });
    await fromServer.columns({ schema: 'druid', name: 'other' });
    expect(asked).toHaveLength(4);
    expect(asked[2]?.query).not.toContain("it's");
    expect(asked[2]?.parameters?.map(({ value }) => value)).toEqual(['druid', "it's"]);
  });

  it('offers nothing while the server is down, and asks again', async () => {
    const { client, setUp } = server();
    const fromServer = new ServerNames(client, () => 0);
    setUp(false);
    expect(await fromServer.functions()).toEqual([]);
    setUp(true);
    expect(await fromServer.functions()).toEqual(['druid', 'druid']);
  });
});
