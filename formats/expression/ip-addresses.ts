/** IP addresses and subnets as bytes. */

export type Subnet = { readonly bytes: readonly number[]; readonly bits: number };

/** Four decimal numbers; zeros may stand before them. */
export function bytesOfV4(text: string): readonly number[] | null {
  const match = /^\s*(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\s*$/.exec(text);
  const bytes = match?.slice(1).map(Number);
  return bytes === undefined || bytes.some((byte) => byte > 255) ? null : bytes;
}

/** Eight groups of hexadecimal digits, `::` for any number of zero groups, the last two perhaps dotted; a zone is ignored. */
export function bytesOfV6(text: string): readonly number[] | null {
  const address = text.trim().replace(/%[0-9A-Za-z._~-]{1,64}$/, '');
  if (address.length > 45 || !/^[0-9a-fA-F:.]+$/.test(address)) return null;
  const halves = address.split('::');
  if (halves.length > 2) return null;
  const [before, after] = halves.map(groupBytes);
  if (before === null || after === null || before === undefined) return null;
  if (after === undefined) return before.length === 16 ? before : null;
  const missing = 16 - before.length - after.length;
  return missing < 2 ? null : [...before, ...new Array<number>(missing).fill(0), ...after];
}

function groupBytes(text: string): readonly number[] | null {
  if (text === '') return [];
  const bytes: number[] = [];
  const groups = text.split(':');
  for (const [at, group] of groups.entries()) {
    const dotted = at === groups.length - 1 && group.includes('.') ? bytesOfV4(group) : null;
    if (dotted !== null) bytes.push(...dotted);
    else if (/^[0-9a-fA-F]{1,4}$/.test(group)) {
      const value = Number.parseInt(group, 16);
      bytes.push(value >> 8, value & 255);
    } else return null;
  }
  return bytes;
}

/** `192.168.0.0/16`; without a length one address. */
export function subnetOf(text: string, version: 4 | 6): Subnet | null {
  const [address = '', length, ...rest] = text.trim().split('/');
  const bytes = version === 4 ? bytesOfV4(address) : bytesOfV6(address);
  if (bytes === null || rest.length > 0) return null;
  const bits = length === undefined ? bytes.length * 8 : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  return bits < 0 || bits > bytes.length * 8 ? null : { bytes, bits };
}

export function isInSubnet(address: readonly number[], { bytes, bits }: Subnet): boolean {
  if (address.length !== bytes.length) return false;
  return bytes.every((byte, at) => {
    const kept = Math.max(0, Math.min(8, bits - at * 8));
    const mask = (0xff << (8 - kept)) & 0xff;
    return ((address[at] ?? 0) & mask) === (byte & mask);
  });
}
