/**
 * The frame of a sketch in bytes: kind, version, two bytes of the kind's own, a checksum of it all, the content. Everything
 * is checked on the way back: damage is a `SketchCorrupt`, never a wrong number.
 *
 * Not the form of Apache DataSketches, and not to be read by it.
 */
import { murmur3 } from './murmur3.ts';

export class SketchCorrupt extends Error {}

export type SketchKind = 'hll' | 'quantiles';

export const frameBytes = 8;
const version = 1;
const kinds = { hll: 0x48, quantiles: 0x51 } as const satisfies Record<SketchKind, number>;

const names = { hll: 'an HLL sketch', quantiles: 'a quantiles sketch' } as const;

/** `bytes` has the content from `frameBytes` on. */
export function seal(bytes: Uint8Array, kind: SketchKind, own: number): Uint8Array {
  bytes[0] = kinds[kind];
  bytes[1] = version;
  bytes[2] = own & 0xff;
  bytes[3] = own >>> 8;
  viewOf(bytes).setUint32(4, checksum(bytes), true);
  return bytes;
}

/** Throws `SketchCorrupt`. */
export function opened(
  bytes: Uint8Array,
  wanted: SketchKind,
): { readonly own: number; readonly content: DataView } {
  const kind = kindOf(bytes);
  if (kind !== wanted)
    throw new SketchCorrupt(
      `expected ${names[wanted]}, found ${kind === null ? 'other bytes' : names[kind]}`,
    );
  if (bytes[1] !== version)
    throw new SketchCorrupt(`a sketch of version ${bytes[1] ?? 0}; this program reads version ${version}`);
  const view = viewOf(bytes);
  if (view.getUint32(4, true) !== checksum(bytes)) throw new SketchCorrupt('a sketch fails its checksum');
  const content = new DataView(bytes.buffer, bytes.byteOffset + frameBytes, bytes.length - frameBytes);
  return { own: view.getUint16(2, true), content };
}

/** Null: no sketch of ours. */
export function kindOf(bytes: Uint8Array): SketchKind | null {
  if (bytes.length < frameBytes) return null;
  if (bytes[0] === kinds.hll) return 'hll';
  return bytes[0] === kinds.quantiles ? 'quantiles' : null;
}

function checksum(bytes: Uint8Array): number {
  const header = ((bytes[0] ?? 0) << 24) | ((bytes[1] ?? 0) << 16) | ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0);
  return murmur3(bytes.subarray(frameBytes), bytes.length - frameBytes, header).low;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
