import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { setSuspended, setTaskCount } from '../../../domain/spec/with-suspended.ts';

describe('setSuspended', () => {
  it.each([
    ['{}', true, '{"suspended":true}'],
    ['{ }', true, '{"suspended":true }'],
    ['{"type":"kafka"}', true, '{"type":"kafka","suspended":true}'],
    ['{\n  "type": "kafka"\n}\n', true, '{\n  "type": "kafka","suspended":true\n}\n'],
    ['{"suspended" : false, "a":1}', true, '{"suspended" : true, "a":1}'],
    ['{"suspended":true}', false, '{"suspended":false}'],
    ['{"suspended":null}', true, '{"suspended":true}'],
    ['{"\\u0073uspended":"true"}', false, '{"\\u0073uspended":false}'],
    ['{"suspended":true,"x":{},"suspended":true}', false, '{"suspended":false,"x":{},"suspended":false}'],
    ['{"spec":{"suspended":true}}', true, '{"spec":{"suspended":true},"suspended":true}'],
    ['{"a":1}', false, '{"a":1}'],
    [
      '{"n":12345678901234567890,"m":1.0,"e":1E+2}',
      true,
      '{"n":12345678901234567890,"m":1.0,"e":1E+2,"suspended":true}',
    ],
    ['{"a":"}],\\"{","b":[]}', true, '{"a":"}],\\"{","b":[],"suspended":true}'],
  ])('%s, %s', (text, suspended, expected) => {
    expect(setSuspended(text, suspended)).toBe(expected);
  });

  it.each(['', 'x', '[]', '"{}"', 'null', '{"a":1', '{}{}'])('refuses %j', (text) => {
    expect(() => setSuspended(text, true)).toThrow(/JSON/);
  });

  it('changes nothing else, twice as once, back and forth', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.boolean(),
        fc.constantFrom(0, 2),
        (spec, suspended, indent) => {
          const text = JSON.stringify(spec, null, indent);
          const edited = setSuspended(text, suspended);
          const wanted = suspended || Object.hasOwn(spec, 'suspended') ? { suspended } : {};
          expect(JSON.parse(edited)).toEqual({ ...(JSON.parse(text) as object), ...wanted });
          expect(setSuspended(edited, suspended)).toBe(edited);
          expect(JSON.parse(setSuspended(setSuspended(edited, !suspended), suspended))).toMatchObject({
            suspended,
          });
        },
      ),
      { seed: 45, numRuns: 500 },
    );
  });

  it('edits a text of many repeats in a moment', () => {
    const text = `{${'"suspended":false,'.repeat(50_000)}"a":1}`;
    const before = process.cpuUsage();
    expect(setSuspended(text, true)).toHaveLength(text.length - 50_000);
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});

describe('setTaskCount', () => {
  it.each([
    ['{"spec":{"ioConfig":{"topic":"t"}}}', '{"spec":{"ioConfig":{"topic":"t","taskCount":3}}}'],
    ['{"ioConfig":{}}', '{"ioConfig":{"taskCount":3}}'],
    ['{"spec":{"ioConfig":{"taskCount":null}}}', '{"spec":{"ioConfig":{"taskCount":3}}}'],
    ['{"spec":null,"ioConfig":{"taskCount":"1"}}', '{"spec":null,"ioConfig":{"taskCount":3}}'],
  ])('%s', (text, expected) => {
    expect(setTaskCount(text, 3)).toBe(expected);
  });

  it('refuses a spec without ioConfig', () => {
    expect(() => setTaskCount('{}', 3)).toThrow(/ioConfig/);
  });
});
