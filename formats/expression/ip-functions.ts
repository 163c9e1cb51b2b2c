/** Functions of IP addresses: dotted or as a LONG, colons for version 6. */
import { CompileProblem } from '../compile-problem.ts';
import { literalText, ofValues, prepared, type FunctionTable } from './functions.ts';
import { bytesOfV4, bytesOfV6, isInSubnet, subnetOf, type Subnet } from './ip-addresses.ts';
import type { Long } from './java-long.ts';
import { LONG, STRING } from './expression-types.ts';
import { nullLong, nullString, ofBoolean, ofLong, ofString, type Value } from './values.ts';

const maxV4 = 0xffff_ffff;

export const ipFunctions: FunctionTable = {
  ipv4_match: prepared(
    [2, 2],
    LONG,
    (args) => writtenSubnet(literalText(args, 1, 'ipv4_match() takes a subnet'), 4),
    (subnet, [address = nullString]) => match(v4Of(address), subnet),
  ),
  ipv4_parse: ofValues([1, 1], LONG, ([address = nullString]) => {
    const bytes = v4Of(address);
    return bytes === null ? nullLong : ofLong(bytes.reduce((sum, byte) => sum * 256 + byte, 0));
  }),
  ipv4_stringify: ofValues([1, 1], STRING, ([address = nullString]) => {
    const bytes = v4Of(address);
    if (bytes === null) return nullString;
    return address.type === STRING ? ofString(address.value as string) : ofString(bytes.join('.'));
  }),
  ipv6_match: prepared(
    [2, 2],
    LONG,
    (args) => writtenSubnet(literalText(args, 1, 'ipv6_match() takes a subnet'), 6),
    (subnet, [address = nullString]) =>
      match(address.type === STRING ? bytesOfV6(text(address)) : null, subnet),
  ),
};

function writtenSubnet(subnet: string | null, version: 4 | 6): Subnet {
  const found = subnet === null ? null : subnetOf(subnet, version);
  if (found === null)
    throw new CompileProblem(
      `ipv${version}_match() takes a subnet such as '${version === 4 ? '192.168.0.0/16' : '75e9:efa4:29c6:85f6::/64'}'`,
    );
  return found;
}

function text(address: Value): string {
  return address.value === null ? '' : (address.value as string);
}

function v4Of(address: Value): readonly number[] | null {
  if (address.value === null) return null;
  if (address.type === STRING) return bytesOfV4(address.value as string);
  if (address.type !== LONG) return null;
  const value = address.value as Long;
  if (value < 0 || value > maxV4) return null;
  return [24, 16, 8, 0].map((shift) => Math.floor(Number(value) / 2 ** shift) % 256);
}

/** No address, no match. */
function match(bytes: readonly number[] | null, subnet: Subnet): Value {
  return ofBoolean(bytes !== null && isInSubnet(bytes, subnet));
}
