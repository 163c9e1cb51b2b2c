/** One type per column over files that disagree, and SQL that no name can break. */
import { describe, expect, it } from 'vitest';
import { identifier, literal, unifiedColumns, unifyTypes, viewSql } from '../../query/views.ts';

describe('unifyTypes', () => {
  it.each([
    [['VARCHAR'], 'VARCHAR'],
    [['VARCHAR', 'VARCHAR[]'], 'VARCHAR'],
    [['VARCHAR[]'], 'VARCHAR'],
    [['BIGINT', 'INTEGER'], 'BIGINT'],
    [['BIGINT', 'HUGEINT'], 'HUGEINT'],
    [['BIGINT', 'DOUBLE'], 'DOUBLE'],
    [['FLOAT', 'DOUBLE'], 'DOUBLE'],
    [['FLOAT'], 'FLOAT'],
    [['BIGINT', 'VARCHAR'], 'VARCHAR'],
    [['TIMESTAMP WITH TIME ZONE'], 'TIMESTAMP'],
    [['TIMESTAMP WITH TIME ZONE', 'TIMESTAMP'], 'TIMESTAMP'],
  ])('%s is %s', (types, expected) => {
    expect(unifyTypes(types)).toBe(expected);
  });
});

describe('unifiedColumns', () => {
  it('puts the time first, then the spec, then what only files know by name', () => {
    const groups = [
      {
        paths: ['a'],
        columns: [
          { name: 'zebra', type: 'VARCHAR' },
          { name: 'n', type: 'BIGINT' },
        ],
      },
      { paths: ['b'], columns: [{ name: 'ape', type: 'VARCHAR' }] },
    ];
    const columns = unifiedColumns(groups, [
      { name: 'n', type: 'BIGINT' },
      { name: 'planned', type: 'DOUBLE' },
    ]);
    expect(columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      '__time TIMESTAMP',
      'n BIGINT',
      'planned DOUBLE',
      'ape VARCHAR',
      'zebra VARCHAR',
    ]);
  });

  it('gives two names to columns that differ in case alone', () => {
    const groups = [
      { paths: ['a'], columns: [{ name: 'Page', type: 'VARCHAR' }] },
      { paths: ['b'], columns: [{ name: 'page', type: 'VARCHAR' }] },
    ];
    expect(unifiedColumns(groups, []).map((column) => column.name)).toEqual(['__time', 'Page', 'page_1']);
  });
});

describe('names and paths in SQL', () => {
  it('doubles the quotes', () => {
    expect(identifier('a"b')).toBe('"a""b"');
    expect(literal("it's")).toBe("'it''s'");
    expect(viewSql(`x"; drop`, [], [])).toBe(
      `create view druid."x""; drop" as select cast(null as TIMESTAMP) as "__time" where false`,
    );
  });
});
