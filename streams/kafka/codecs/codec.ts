/** What every codec in this folder gives, and the one error it throws. Partition and position are the caller's to add. */

/**
 * Returns what was compressed, at most `bytesMax` of it. Never allocates more than `bytesMax` plus what the input can
 * really fill, whatever a header claims. Throws DecompressionError and nothing else.
 */
export type Decompress = (bytes: Buffer, bytesMax: number) => Buffer;

export class DecompressionError extends Error {
  /** `damaged`: no encoder writes this. `tooLarge`: it would grow past the limit. */
  readonly kind: 'damaged' | 'tooLarge';

  constructor(kind: 'damaged' | 'tooLarge', message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}

export function damaged(message: string, cause?: unknown): DecompressionError {
  return new DecompressionError('damaged', message, { cause });
}

export function tooLarge(bytesMax: number, cause?: unknown): DecompressionError {
  return new DecompressionError('tooLarge', `it grows to more than ${bytesMax} bytes`, { cause });
}

/** For libraries, whose errors are of any kind. */
export function damagedBy(cause: unknown): DecompressionError {
  return damaged(cause instanceof Error ? cause.message : String(cause), cause);
}
