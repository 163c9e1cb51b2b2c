/** JsonPath beyond the recorded answers of Druid (test/vectors/flatten.test.ts): neighbours, broken paths, hostile ones. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompileProblem } from '../../../formats/compile-problem.ts';
import { FlattenFailure, StepBudget } from '../../../formats/flatten/flatten-failure.ts';
import { compilePath } from '../../../formats/flatten/path/path.ts';
import { aRecord, shown } from './values.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function read(path: string, record: string): unknown {
  return shown(compilePath(path)(aRecord(record), new StepBudget()));
}

const store =
  '{"a":1,"n":null,"l":[10,20,30,40],"o":{"p":{"q":2}},"items":[{"k":"x","v":1},{"k":"y","v":2.5},{"w":[1]},null,7],"x y":3,"it\'s":4}';

describe('finds', () => {
  test.each<[string, unknown]>([
    ['$.a', 1],
    ['a', 1],
    ['o.p.q', 2],
    [' $.a ', 1],
    ['@.o.p', { q: 2 }],
    ["$['x y']", 3],
    ["$['it\\'s']", 4],
    ['$["a"]', 1],
    ['$.o["p"].q', 2],
    ['$.n', null],
    ['$.n.deep', null],
    ['$.nothing.deep.deeper', null],
    ['$.a.b', null],
    ['$.l[0]', 10],
    ['$.l[-1]', 40],
    ['$.l[7]', null],
    ['$.l[-7]', null],
    ['$.l[0,2]', [10, 30]],
    ['$.l[0 , -1]', [10, 40]],
    ['$.l[1:3]', [20, 30]],
    ['$.l[2:]', [30, 40]],
    ['$.l[:-1]', [10, 20, 30]],
    ['$.l[-2:]', [30, 40]],
    ['$.l[-9:]', [10, 20, 30, 40]],
    ['$.l[-2:-1]', [30]],
    ['$.l[1:-1]', []],
    ['$.l[3:1]', []],
    ['$.l[0:2:7]', [10, 20]],
    ['$.o[0]', null],
    ['$.o[*]', [{ q: 2 }]],
    ['$.items[*].k', ['x', 'y', null]],
    ['$.items[2].w[0]', 1],
    ["$.items[0]['v','k','z']", { v: 1, k: 'x' }],
    ["$['a','o']['p']", [{ q: 2 }]],
    ['$..q', [2]],
    ['$..k', ['x', 'y']],
    ['$.o..*', [{ q: 2 }, 2]],
    ['$..l[1]', [20]],
    ['$.l[?(@ > 20)]', [30, 40]],
    ['$.l[?(@ >= 20 && @ < 40)]', [20, 30]],
    ['$.l[?(@ == 10 || @ == 40)]', [10, 40]],
    ['$.l[?(!(@ == 10))]', [20, 30, 40]],
    ['$.l[?(@ in [10, 40, 50])]', [10, 40]],
    ['$.l[?(@ nin [10, 40])]', [20, 30]],
    ["$.items[?(@.k == 'y')].v", [{ double: 2.5 }]],
    ['$.items[?(@.k =~ /[xy]/)].k', ['x', 'y']],
    ['$.items[?(@.k =~ /X/)].k', []],
    ['$.items[?(@.v < $.o.p.q)].k', ['x']],
    ['$.items[?(@.w contains 1)]', [{ w: [1] }]],
    ['$.items[?(@.w size 1)]', [{ w: [1] }]],
    ['$.items[?(@.w empty false)]', [{ w: [1] }]],
    ["$.items[?(@.k subsetof ['x'])]", []],
    ['$.items[?(@.w anyof [1, 2])]', [{ w: [1] }]],
    ['$.items[?(@.w noneof [2])]', [{ w: [1] }]],
    ['$.items[?(@.v == 2.50)].k', ['y']],
    ["$.items[?(@.v == '1')].k", ['x']],
    ["$.items[?(@.v === '1')].k", []],
    ["$.items[?(@.v > '0')].k", []],
    ['$.l.length()', 4],
    ['$.o.length()', 1],
    ['$.a.length()', null],
    ['$.l.sum()', { double: 100 }],
    ['$.l.avg()', { double: 25 }],
    ['$.l.min()', { double: 10 }],
    ['$.l.max()', { double: 40 }],
    ['$.l.stddev()', { double: Math.sqrt(125) }],
    ['$..v.sum()', { double: 3.5 }],
    ['$.sum($.a, $.l[*])', { double: 101 }],
    ['$.concat($.items[0].k, $.items[1].k)', 'xy'],
    ['$.concat($.l)', '10203040'],
    ['$.length($.l)', 4],
    ['$.l.first()', 10],
    ['$.l.last()', 40],
    ['$.l.index($.a)', 20],
    ['$.l.append($.a)', [10, 20, 30, 40, 1]],
    ['$.o.keys()', ['p']],
    ['$.nothing.keys()', []],
    // Jayway does not look at a last character by itself.
    ['$.o.p[', { q: 2 }],
    ['$.l[0]x', 10],
  ])('%s', (path, expected) => {
    expect(read(path, store)).toEqual(expected);
  });

  test('the same every time: no record changes a path', () => {
    const path = compilePath('$.sum($.l[*])');
    const record = aRecord(store);
    for (let time = 0; time < 3; time++)
      expect(shown(path(record, new StepBudget()))).toEqual({ double: 100 });
  });

  test('long integers with all their digits, and compares them so', () => {
    const record = '{"l":[9223372036854775807,9223372036854775806]}';
    expect(read('$.l[0]', record)).toEqual({ long: '9223372036854775807' });
    expect(read('$.l[?(@ > 9223372036854775806)]', record)).toEqual([{ long: '9223372036854775807' }]);
  });
});

describe('is refused when the spec is posted', () => {
  test.each<[string, RegExp]>([
    ['', /nothing/],
    ['$.', /last dot/],
    ['$..', /last dot/],
    ['$...a', /third/],
    ['$a', /expected "\."/],
    ['$.a b', /blank/],
    ['$.l[x]', /index/],
    ['$.l[]', /index/],
    ['$.l[1', /not closed/],
    ['$.l[:]', /whole numbers/],
    ['$.l[1,]', /whole numbers/],
    ['$.l[1 2]', /whole numbers/],
    ['$.l[99999999999]', /too large/],
    ["$['a", /not closed/],
    ["$['a'", /expected "," or "\]"/],
    ["$['a',]", /expected '/],
    ['$[*', /expected "\]"/],
    ['$.l[?(@ ==)]', /path or a value/],
    ['$.l[?(@ == 1]', /not closed/],
    ['$.l[?(@ like 1)]', /operator/],
    ['$.l[?(1)]', /operator/],
    ['$.l[?@ == 1]', /expected "\("/],
    ['$.l[?(@ =~ /(/)]', /not closed|regular/],
    ['$.l[?(@ =~ /a/x)]', /flags/],
    ['$.nope()', /no function nope/],
    ['$.l.sum(', /not closed/],
    ['$.l.first().k', /end of a path/],
    ['$..length()', /between/],
    ['$.length(1)', /parameter of length/],
    ["$.concat('x')", /parameter is a path/],
    [`$.l[?${'('.repeat(500)}@ == 1${')'.repeat(500)}]`, /nested deeper/],
    [`$${'.a'.repeat(1_000)}`, /longer than 2000/],
    [`$${'.l[?(@'.repeat(200)}${')]'.repeat(200)}`, /nested deeper/],
  ])('%s', (path, says) => {
    expect(() => compilePath(path)).toThrow(CompileProblem);
    expect(() => compilePath(path)).toThrow(says);
  });
});

describe('a record it cannot be applied to is unparseable', () => {
  test.each([
    ['$.nothing.length()', /length/],
    ['$.o.sum()', /numbers/],
    ['$.items[*].v.sum()', /numbers/],
    ['$.o.first()', /no item/],
    ['$.l.index(1)', /index/],
    ['$.items[0].k[?(@ == 1)]', /plain value/],
    ['$.l[?(@ < $.big)]', /compare/],
    ['$.lists[?(@ contains 1)]', /lists/],
  ])('%s', (path, says) => {
    const record = '{"l":[1],"o":{},"items":[{"k":"x","v":1}],"big":1e400,"lists":[[[1]]]}';
    expect(() => read(path, record)).toThrow(FlattenFailure);
    expect(() => read(path, record)).toThrow(says);
  });
});

describe('hostile paths and records', () => {
  const wide = `{"l":[${Array.from({ length: 3_000 }, (_, at) => `{"k":"${'a'.repeat(20)}${at}"}`).join(',')}]}`;
  const deep = `{"a":${'{"a":'.repeat(60)}1${'}'.repeat(60)}}`;

  test('more steps than a record may cost', () => {
    expect(() => read('$..*..*..*..*..*..*', deep)).toThrow(/steps/);
    expect(() => read('$.l[?(@.k in $.l[*].k)]', wide)).toThrow(/steps/);
    expect(() => read('$.l[?(@.k nin $..k)]', wide)).toThrow(/steps/);
  });

  test('the longest paths', () => {
    expect(read(`$${'.a'.repeat(990)}`, deep)).toBeNull();
    expect(read(`$${'[0]'.repeat(660)}`, deep)).toBeNull();
    expect(read(`$${'[*]'.repeat(660)}`, deep)).toEqual([]);
    expect(() => read(`$${'..*'.repeat(660)}`, deep)).toThrow(/steps/);
  });

  test('the largest records', () => {
    const items = `{"l":[${'0,'.repeat(1_000_000)}0]}`;
    expect(read('$.l[?(@ == 1)]', items)).toEqual([]);
    expect(read('$.l.length()', items)).toBe(1_000_001);
    expect(read('$.l[*].a', items)).toEqual([]);
  });

  test('a pattern takes time linear in the text', () => {
    const record = `{"l":["${'a'.repeat(50_000)}b"]}`;
    expect(read('$.l[?(@ =~ /(a+)+/)]', record)).toEqual([]);
  });

  test('any text compiles or is refused', () => {
    const pieces = fc.constantFrom(
      ...['$', '@', '.', '..', '[', ']', '(', ')', '?', '*', 'a', "'b'", '"c"', '0', '-1', ':', ',', ' '],
      ...['==', '=~', '/x/', '&&', '||', '!', 'in', 'sum()', 'length(', '[?(@.a', ')]', '\\', '{'],
    );
    const record = aRecord(store);
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (list) => {
        const path = `$${list.join('')}`;
        try {
          compilePath(path)(record, new StepBudget());
        } catch (error) {
          if (!(error instanceof CompileProblem || error instanceof FlattenFailure)) throw error;
        }
      }),
      { seed, numRuns: 20_000 },
    );
  });

  test('no name reaches a prototype', () => {
    expect(read('$.__proto__.polluted', '{"a":1}')).toBeNull();
    expect(read('$.constructor', '{"a":1}')).toBeNull();
    expect(read("$['a','__proto__']", '{"a":1,"__proto__":2}')).toEqual(
      Object.fromEntries([
        ['a', 1],
        ['__proto__', 2],
      ]),
    );
  });
});
