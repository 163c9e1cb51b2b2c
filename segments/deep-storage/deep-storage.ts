/**
 * Where segment and spill files live for good. Names are used once and files never change: a name either holds all of its
 * bytes or does not exist.
 *
 * Paths are relative, `/` between parts, made by `domain/ids.ts`. The contract is `test/segments/deep-storage/conformance.ts`.
 */
export interface DeepStorage {
  /**
   * Stores a local file under a new name, durably: once this resolves, the bytes survive a crash of the machine.
   * The same name with the same content is success (our own earlier try); with other content STORAGE_CONFLICT.
   */
  put(path: string, localFile: string): Promise<{ readonly size: number }>;

  /** Copies to a local file, replacing it. A name that does not exist is SEGMENT_CORRUPT with `details.missing`. */
  fetch(path: string, localFile: string): Promise<void>;

  /** Where a reader on this machine can open the file. Says nothing about its existence. */
  locate(path: string): string;

  /** For people and `sys.segments`. */
  uri(path: string): string;

  stat(path: string): Promise<{ readonly size: number } | null>;

  /** Removes the file and what an unfinished `put` left of it. Idempotent. */
  remove(path: string): Promise<void>;

  /**
   * Every file below a prefix ('' for all), in no order. An unfinished `put` appears under its final name, so that
   * whoever looks that name up and removes it removes the rest too.
   */
  list(prefix: string): AsyncIterable<{ readonly path: string; readonly modifiedMs: number }>;
}
