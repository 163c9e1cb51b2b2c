/** One type per column over segments that disagree: the least restrictive, and the same whatever is asked for. */
import { describe, expect, it } from 'vitest';
import { boundsInFiles } from '../../query/source-columns.ts';
import { unifyColumns } from '../../query/unify-columns.ts';
import type { FileColumn } from '../../query/unify-columns.ts';
import { typeText } from '../../query/sql/typed-sql.ts';

const time: FileColumn = { name: '__time', type: 'TIMESTAMP WITH TIME ZONE' };

function typeOver(...fileTypes: readonly string[]): string {
  const shapes = fileTypes.map((type) => [time, { name: 'x', type }]);
  const column = unifyColumns(shapes, []).find(({ name }) => name === 'x');
  if (column === undefined) throw new Error('no column x');
  const isMulti = column.type.name === 'VARCHAR' && column.type.multi;
  return `${typeText(column.type)}${isMulti ? ' multi' : ''} as ${column.duckdbType}`;
}

describe('the type of a column', () => {
  it.each([
    [['VARCHAR'], 'VARCHAR as VARCHAR'],
    [['VARCHAR', 'VARCHAR[]'], 'VARCHAR multi as VARCHAR[]'],
    [['BIGINT', 'VARCHAR[]'], 'VARCHAR multi as VARCHAR[]'],
    [['BIGINT'], 'BIGINT as BIGINT'],
    [['INTEGER'], 'BIGINT as BIGINT'],
    [['BIGINT', 'HUGEINT'], 'BIGINT as HUGEINT'],
    [['FLOAT'], 'FLOAT as FLOAT'],
    [['FLOAT', 'FLOAT'], 'FLOAT as FLOAT'],
    [['FLOAT', 'DOUBLE'], 'DOUBLE as DOUBLE'],
    [['BIGINT', 'FLOAT'], 'DOUBLE as DOUBLE'],
    [['BIGINT', 'DOUBLE'], 'DOUBLE as DOUBLE'],
    [['DECIMAL(10,2)'], 'DOUBLE as DOUBLE'],
    [['BIGINT', 'VARCHAR'], 'VARCHAR as VARCHAR'],
    [['DOUBLE', 'VARCHAR'], 'VARCHAR as VARCHAR'],
    [['BOOLEAN'], 'BOOLEAN as BOOLEAN'],
    [['BOOLEAN', 'BIGINT'], 'VARCHAR as VARCHAR'],
    [['TIMESTAMP', 'TIMESTAMP WITH TIME ZONE'], 'TIMESTAMP as TIMESTAMP'],
    [['STRUCT(a INTEGER)'], 'VARCHAR as VARCHAR'],
  ])('%j is %s', (fileTypes, expected) => {
    expect(typeOver(...fileTypes)).toBe(expected);
    expect(typeOver(...[...fileTypes].reverse())).toBe(expected);
  });

  it('counts what the spec says: text now, long in old segments', () => {
    const columns = unifyColumns([[time, { name: 'x', type: 'BIGINT' }]], [{ name: 'x', type: 'VARCHAR' }]);
    expect(columns.map(({ name, duckdbType }) => `${name} ${duckdbType}`)).toEqual([
      '__time TIMESTAMP',
      'x VARCHAR',
    ]);
  });
});

describe('the columns of a data source', () => {
  it('are the time, then the spec, then what only files know by name', () => {
    const columns = unifyColumns(
      [
        [time, { name: 'zebra', type: 'VARCHAR' }, { name: 'n', type: 'BIGINT' }],
        [time, { name: 'ape', type: 'VARCHAR' }],
      ],
      [
        { name: 'n', type: 'BIGINT' },
        { name: 'planned', type: 'DOUBLE' },
      ],
    );
    expect(columns.map(({ name }) => name)).toEqual(['__time', 'n', 'planned', 'ape', 'zebra']);
  });

  it('have two names when they differ in case alone, and bounds find their column in the files', () => {
    const columns = unifyColumns(
      [[{ name: 'Page', type: 'VARCHAR' }], [{ name: 'page', type: 'VARCHAR' }]],
      [],
    );
    expect(columns.map(({ name, field }) => `${name}=${field}`)).toEqual([
      '__time=__time',
      'Page=Page',
      'page_1=page',
    ]);
    const bound = { low: 'a', high: null };
    const bounds = {
      fromMs: 1,
      toMs: 2,
      columns: [
        { column: 'page_1', ...bound },
        { column: 'nosuch', ...bound },
      ],
    };
    expect(boundsInFiles(bounds, columns)).toEqual({
      fromMs: 1,
      toMs: 2,
      columns: [{ column: 'page', ...bound }],
    });
  });

  it('has a time, whatever a spec calls so', () => {
    const columns = unifyColumns([[time]], [{ name: '__time', type: 'VARCHAR' }]);
    expect(columns.map(({ name, type }) => `${name} ${type.name}`)).toEqual(['__time TIMESTAMP']);
  });

  it('is the time alone when nothing is known', () => {
    expect(unifyColumns([], []).map(({ name, type }) => `${name} ${type.name}`)).toEqual([
      '__time TIMESTAMP',
    ]);
  });
});
