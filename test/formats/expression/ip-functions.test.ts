import { describe, expect, it } from 'vitest';
import { evaluate, refusal } from './evaluate.ts';

describe('addresses', () => {
  it.each([
    ["ipv4_parse('192.168.1.5')", '3232235781'],
    ['ipv4_parse(3232235781)', '3232235781'],
    ["ipv4_parse('192.168.1')", 'null'],
    ["ipv4_parse('192.168.1.256')", 'null'],
    ['ipv4_parse(-1)', 'null'],
    ['ipv4_parse(4294967296)', 'null'],
    ['ipv4_parse(1.5)', 'null'],
    ["ipv4_parse('::1')", 'null'],
    ['ipv4_stringify(3232235777)', '"192.168.1.1"'],
    ["ipv4_stringify('10.0.0.1')", '"10.0.0.1"'],
    ["ipv4_stringify('x')", 'null'],
    ["ipv4_match('192.168.1.5', '192.168.0.0/16')", '1'],
    ["ipv4_match('192.169.1.5', '192.168.0.0/16')", '0'],
    ["ipv4_match(3232235781, '192.168.1.4/31')", '1'],
    ["ipv4_match('x', '0.0.0.0/0')", '0'],
    ["ipv4_match('1.2.3.4', '0.0.0.0/0')", '1'],
    ["ipv4_match('1.2.3.4', '1.2.3.4')", '1'],
    ["ipv6_match('75e9:efa4:29c6:85f6::232c', '75e9:efa4:29c6:85f6::/64')", '1'],
    ["ipv6_match('75e9:efa4:29c6:85f7::232c', '75e9:efa4:29c6:85f6::/64')", '0'],
    ["ipv6_match('::ffff:1.2.3.4', '::ffff:0:0/96')", '1'],
    ["ipv6_match('1::2::3', '::/0')", '0'],
    ["ipv6_match(5, '::/0')", '0'],
  ])('%s', (expression, value) => {
    expect(evaluate(expression)).toBe(value);
  });

  it.each([
    ['ipv4_match(a, b)', /written out/],
    ["ipv4_match(a, '1.2.3.4/33')", /a subnet such as/],
    ["ipv4_match(a, '::/0')", /a subnet such as/],
    ["ipv6_match(a, '1.2.3.4/8')", /a subnet such as/],
  ])('%s is refused', (expression, expected) => {
    expect(refusal(expression)).toMatch(expected);
  });
});
