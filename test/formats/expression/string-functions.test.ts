import { describe, expect, it } from 'vitest';
import { evaluate, failure, refusal } from './evaluate.ts';

describe('string functions', () => {
  it.each([
    ["concat('a', 1, 2.0)", '"a12.0"'],
    ["concat('a', null)", 'null'],
    ['concat()', 'null'],
    ["strlen('\u{1f600}')", '2'],
    ['strlen(null)', 'null'],
    ["substring('Hello', 1, 3)", '"ell"'],
    ["substring('Hello', 1, -1)", '"ello"'],
    ["substring('Hello', 9, 1)", 'null'],
    ["substring('Hello', 3, 0)", '""'],
    ["left('abc', 2)", '"ab"'],
    ["left('abc', 9)", '"abc"'],
    ["right('abc', 2)", '"bc"'],
    ["right('abc', 0)", '""'],
    ["repeat('ab', 2)", '"abab"'],
    ["repeat('ab', 0)", 'null'],
    ["reverse('a\u{1f600}b')", '"b\u{1f600}a"'],
    ["lpad('ab', 5, 'xyz')", '"xyzab"'],
    ["rpad('ab', 5, 'xy')", '"abxyx"'],
    ["lpad('abc', 2, 'x')", '"ab"'],
    ["lpad('abc', 0, 'x')", 'null'],
    ["rpad('ab', 5, '')", '"ab"'],
    ["lpad('ab', -1, 'x')", '""'],
    ["trim('  a  ')", '"a"'],
    ["ltrim('xxa', 'x')", '"a"'],
    ["rtrim('axyx', 'xy')", '"a"'],
    ['trim(5)', '5'],
    ["lower('ÄB')", '"äb"'],
    ["upper('straße')", '"STRASSE"'],
    ["replace('aXbX', 'X', '-')", '"a-b-"'],
    ["replace('ab', '', '-')", '"-a-b-"'],
    ["replace('', '', '-')", '"-"'],
    ["strpos('Hello', 'l')", '2'],
    ["strpos('Hello', 'l', 3)", '3'],
    ["strpos('Hello', 'z')", '-1'],
    ["parse_long('ff', 16)", '255'],
    ["parse_long('0xFF', 16)", '255'],
    ["parse_long('-8000000000000000', 16)", '-9223372036854775808'],
    ["parse_long('9223372036854775808')", 'null'],
    ["parse_long('+5')", '5'],
    ["parse_long('5.0')", 'null'],
    ["parse_long('z', 99)", 'null'],
    ["decode_base64_utf8('aGVsbG8=')", '"hello"'],
    ["decode_base64_utf8('aGVsbG8')", '"hello"'],
    ["decode_base64_utf8('4pyT')", '"✓"'],
    ['human_readable_binary_byte_format(1500)', '"1.46 KiB"'],
    ['human_readable_binary_byte_format(-9223372036854775808)', '"-8.00 EiB"'],
    ['human_readable_decimal_byte_format(9223372036854775807)', '"9.22 EB"'],
    ['human_readable_decimal_format(1000000, 3)', '"1.000 M"'],
    ['human_readable_decimal_format(999)', '"999"'],
    ['human_readable_binary_byte_format(null)', 'null'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ["format('%s:%s', 'a', 5)", '"a:5"'],
    ["format('%5d|%05.1f', 42, 3.14159)", '"   42|003.1"'],
    ["format('%-5s|%5S|', 'ab', 'cd')", '"ab   |   CD|"'],
    ["format('%+,d', 1234567)", '"+1,234,567"'],
    ["format('%(d', -5)", '"(5)"'],
    ["format('%x %X %o', 255, 255, -1)", '"ff FF 1777777777777777777777"'],
    ["format('%.2f', 1.005)", '"1.01"'],
    ["format('%e', 12345.678)", '"1.234568e+04"'],
    ["format('%g', 0.0001)", '"0.000100000"'],
    ["format('%.3g', 123456.0)", '"1.23e+05"'],
    ["format('%2$s %1$s %<s', 'a', 'b')", '"b a a"'],
    ["format('%b %b', null, 'x')", '"false true"'],
    ["format('%.2s', 'abc')", '"ab"'],
    ["format('%f', 1.0 / 0)", '"Infinity"'],
    ["format('100%')", '"100%"'],
    ["format('%d', 'a')", '"%d; a"'],
    ["format('%d', 1.5)", '"%d; 1.5"'],
    ["format('%s %s', 'a')", '"%s %s; a"'],
    ["format('%q', 'a')", '"%q; a"'],
    ["format('50%% of %s', 'x')", '"50% of x"'],
    ["format('%d', null)", '"null"'],
    ["format(null, 'x')", 'null'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ['left(x, 2)', '{"x":12}', /a STRING and a LONG, found LONG and LONG/],
    ['left(x, -1)', '{"x":"a"}', /at least 0, found -1/],
    ['reverse(x)', '{"x":["a"]}', /found ARRAY<STRING>/],
    ['substring(x, -1, 2)', '{"x":"a"}', /position of at least 0/],
    ["replace(x, null, 'a')", '{"x":"a"}', /no null/],
    ['decode_base64_utf8(x)', '{"x":"*"}', /base64/],
    ['human_readable_decimal_format(x, 9)', '{"x":1}', /precision from 0 to 3/],
    ['human_readable_decimal_format(x)', '{"x":"5"}', /a number, found STRING/],
  ])('%s of %s fails', (expression, row, message) => {
    expect(failure(expression, row)).toMatch(message);
  });
});

describe('pattern functions', () => {
  it.each([
    ["like('Hello', 'H%')", '1'],
    ["like('Hello', '%l_')", '1'],
    ["like('Hello', 'h%')", '0'],
    ["like('a%b', 'a\\\\%b', '\\\\')", '1'],
    ["like('axb', 'a\\\\%b', '\\\\')", '0'],
    ["like('', '%')", '1'],
    ["like('abcabc', '%abc')", '1'],
    ["like('ab', 'ab%ab')", '0'],
    ["like('a\u{1f600}b', 'a_b')", '1'],
    ["like('line\nbreak', 'line%break')", '1'],
    ["like(null, 'a')", 'null'],
    ["contains_string('Hello', 'ell')", '1'],
    ["icontains_string('Hello', 'ELL')", '1'],
    ["icontains_string('STRASSE', 'straße')", '0'],
    ["regexp_extract('Hello World', '([A-Z])([a-z]+)')", '"Hello"'],
    ["regexp_extract('Hello World', '([A-Z])([a-z]+)', 2)", '"ello"'],
    ["regexp_extract('abc', 'z')", 'null'],
    ["regexp_extract('ab', '(z)?b', 1)", 'null'],
    ["regexp_like('Hello', '^[A-Z]')", '1'],
    ["regexp_replace('Hello', '[aeiou]', '<$0>')", '"H<e>ll<o>"'],
    ["regexp_replace('ab', '(a)(b)', '$2\\\\$$1')", '"b$a"'],
    ["regexp_replace('ab', '', '-')", '"-a-b-"'],
    ["regexp_replace('ab', 'x', '-')", '"ab"'],
    ["regexp_replace('a1', '(?<n>[0-9])', '${n}!')", '"a1!"'],
    ["string_to_array('a,b,,c,,', ',')", '["a","b","","c"]'],
    ["string_to_array('abc', '')", '["a","b","c"]'],
    ["string_to_array('', ',')", '[""]'],
    ["string_to_array('a1b22c', '[0-9]+')", '["a","b","c"]'],
    ["string_to_array(',', ',')", '[]'],
    ["string_to_array(null, ',')", 'null'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ['like(s, r)', /a pattern written out/],
    ["like(s, 'a', 'xx')", /one character/],
    ['regexp_like(s, r)', /a pattern written out/],
    ["regexp_extract(s, '(')", /does not compile/],
    ["regexp_extract(s, '(?=a)')", /linear time/],
    ["regexp_extract(s, 'a', 1)", /a group from 0 to 0/],
    ["regexp_replace(s, '(', 'x')", /does not compile/],
    ['contains_string(s, r)', /written out/],
  ])('%s is refused', (expression, expected) => {
    expect(refusal(expression)).toMatch(expected);
  });

  it('patterns from records may be broken, and take linear time', () => {
    expect(failure("regexp_replace(s, r, 'x')", '{"s":"a","r":"("}')).toMatch(/does not compile/);
    expect(failure("regexp_replace(s, 'a', r)", '{"s":"a","r":"$9"}')).toMatch(/group/);
    expect(failure("regexp_replace(s, 'a', r)", '{"s":"a","r":"\\\\"}')).toMatch(/backslash/);
    const row = JSON.stringify({ s: 'a'.repeat(10_000), r: '(a+)+$' });
    expect(evaluate("regexp_replace(concat(s, '!'), r, 'x')", row)).toContain('aaa!');
  });
});
