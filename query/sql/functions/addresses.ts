/** IPv4 and IPv6 addresses. Subnets are literals, so that matching is a comparison of numbers or of prefixes. */
import { castTo } from '../casts.ts';
import { isWhole } from '../typed-sql.ts';
import type { CallContext, TypedSql } from '../typed-sql.ts';
import { argument, bigint, boolean, constantText, problem, scalar, varchar } from './entries.ts';
import type { Entry } from './entries.ts';
import { once, text } from './fragments.ts';

const octet = '(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])';
const dotted = `(${octet}[.]){3}${octet}`;

/** The address as a number, null when it is none. */
function number(arg: TypedSql, context: CallContext): string {
  if (isWhole(arg.type))
    return once([arg.sql], (v) => `CASE WHEN ${v} BETWEEN 0 AND 4294967295 THEN ${v} END`);
  return once([castTo(arg, varchar, context).sql], (v) => {
    const octets = [16_777_216, 65_536, 256, 1].map(
      (weight, index) => `CAST(split_part(${v}, '.', ${index + 1}) AS BIGINT) * ${weight}`,
    );
    return `CASE WHEN regexp_full_match(${v}, '${dotted}') THEN ${octets.join(' + ')} END`;
  });
}

function dottedText(value: string): string {
  return once([value], (v) =>
    [24, 16, 8, 0].map((shift) => `((${v} >> ${shift}) & 255)`).join(` || '.' || `),
  );
}

function ipv4Range(subnet: string, context: CallContext): [from: number, to: number] {
  const [address = '', bits = '32'] = subnet.split('/');
  const isAddress = new RegExp(`^${dotted}$`).test(address);
  if (!isAddress || !/^\d{1,2}$/.test(bits) || Number(bits) > 32)
    throw problem(context, `found the subnet '${subnet}', expected one such as '192.168.0.0/16'`);
  const value = address.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const from = Math.floor(value / size) * size;
  return [from, from + size - 1];
}

/** Eight groups as 32 hexadecimal digits; null when the text is no address. */
function hexDigits(value: string): string {
  return once([`lower(${value})`], (v) => {
    const groups = (side: number): string =>
      `list_filter(string_split(split_part(${v}, '::', ${side}), ':'), lambda g: g <> '')`;
    const zeros = `repeat('0', 4 * (8 - len(${groups(1)}) - len(${groups(2)})))`;
    const filled = (side: number): string =>
      `array_to_string(list_transform(${groups(side)}, lambda g: lpad(g, 4, '0')), '')`;
    const whole = `regexp_full_match(${v}, '([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}')`;
    const short = `(regexp_full_match(${v}, '(([0-9a-f]{1,4}:)*[0-9a-f]{1,4})?::(([0-9a-f]{1,4}:)*[0-9a-f]{1,4})?') AND len(${groups(1)}) + len(${groups(2)}) <= 7)`;
    return `CASE WHEN ${whole} THEN ${filled(1)} WHEN ${short} THEN ${filled(1)} || ${zeros} || ${filled(2)} END`;
  });
}

function ipv6Prefix(subnet: string, context: CallContext): { hex: string; bits: number } {
  const [address = '', bits = '128'] = subnet.toLowerCase().split('/');
  const [head = '', tail, ...rest] = address.split('::');
  const groups = (side: string): string[] => side.split(':').filter((group) => group !== '');
  const [left, right] = [groups(head), groups(tail ?? '')];
  const missing = 8 - left.length - right.length;
  const all =
    tail === undefined ? left : [...left, ...Array<string>(Math.max(0, missing)).fill('0'), ...right];
  const isAddress =
    rest.length === 0 && all.length === 8 && all.every((group) => /^[0-9a-f]{1,4}$/.test(group));
  if (!isAddress || !/^\d{1,3}$/.test(bits) || Number(bits) > 128)
    throw problem(context, `found the subnet '${subnet}', expected one such as '75e9:efa4:29c6:85f6::/64'`);
  return { hex: all.map((group) => group.padStart(4, '0')).join(''), bits: Number(bits) };
}

/** The whole digits of the prefix, and the digits that share what is left of it. */
function startsWithPrefix(hex: string, { hex: prefix, bits }: { hex: string; bits: number }): string {
  const whole = Math.floor(bits / 4);
  const left = bits % 4;
  const same = `left(${hex}, ${whole}) = ${text(prefix.slice(0, whole))}`;
  if (left === 0) return same;
  const digit = Number.parseInt(prefix.charAt(whole), 16) >> (4 - left);
  const digits = [...'0123456789abcdef'].filter(
    (other) => Number.parseInt(other, 16) >> (4 - left) === digit,
  );
  return `${same} AND substring(${hex}, ${whole + 1}, 1) IN (${digits.map(text).join(', ')})`;
}

export const addresses: readonly Entry[] = [
  scalar({ syntax: 'IPV4_MATCH(address, subnet)', args: [2, 2] }, (args, context) => {
    const [from, to] = ipv4Range(constantText(argument(args, 1), 'the subnet', context), context);
    return {
      sql: `coalesce(${number(argument(args, 0), context)} BETWEEN ${from} AND ${to}, false)`,
      type: boolean,
    };
  }),
  scalar({ syntax: 'IPV4_PARSE(address)', args: [1, 1] }, (args, context) => ({
    sql: number(argument(args, 0), context),
    type: bigint,
  })),
  scalar({ syntax: 'IPV4_STRINGIFY(address)', args: [1, 1] }, (args, context) => {
    const address = argument(args, 0);
    if (isWhole(address.type)) return { sql: dottedText(number(address, context)), type: varchar };
    const sql = once(
      [castTo(address, varchar, context).sql],
      (v) => `CASE WHEN regexp_full_match(${v}, '${dotted}') THEN ${v} END`,
    );
    return { sql, type: varchar };
  }),
  scalar(
    {
      syntax: 'IPV6_MATCH(address, subnet)',
      args: [2, 2],
      note: 'Addresses that end in an IPv4 address (::ffff:1.2.3.4) match nothing.',
    },
    (args, context) => {
      const prefix = ipv6Prefix(constantText(argument(args, 1), 'the subnet', context), context);
      const address = castTo(argument(args, 0), varchar, context).sql;
      const sql = once(
        [hexDigits(address)],
        (hex) => `coalesce(${startsWithPrefix(hex, prefix)}, false)`,
        'w',
      );
      return { sql, type: boolean };
    },
  ),
];
