/** What is said of a segment file that is not as published: which one, what is wrong, what to do, and no folder. */
import { posix } from 'node:path';
import { HeadgateError, isHeadgateError, messageOf } from '../../domain/errors.ts';

/** A visible segment's file, as storage/visible-segments.ts finds it. */
export type PublishedFile = {
  readonly dataSource: string;
  readonly segmentId: string;
  /** In deep storage. */
  readonly path: string;
  readonly size: number;
  readonly sha256: string;
  /** What an earlier check found wrong: a reason to look again before this file is used. */
  readonly problem: string | null;
};

/** `problem` is a clause: `it is missing`, `it has 3 bytes, expected 5`. */
export function corruptFile(file: PublishedFile, problem: string): HeadgateError {
  const name = posix.basename(file.path);
  return new HeadgateError(
    'SEGMENT_CORRUPT',
    `data source ${file.dataSource}, segment ${file.segmentId}: file ${name} cannot be used: ${problem}; ` +
      `no query is answered from it: put the published file back into deep storage`,
    { details: { dataSource: file.dataSource, segmentId: file.segmentId, file: name, problem } },
  );
}

/** Null: the bytes are those that were published. */
export function problemOf(file: PublishedFile, found: { size: number; sha256: string }): string | null {
  if (found.size !== file.size) return `it has ${found.size} bytes, expected ${file.size}`;
  if (found.sha256 !== file.sha256) return `its SHA-256 is ${found.sha256}, expected ${file.sha256}`;
  return null;
}

/** An error of the file system or of deep storage, told without its folder. */
export function unreadable(file: PublishedFile, error: unknown): HeadgateError {
  if (isMissing(error)) return corruptFile(file, 'it is missing');
  if (isHeadgateError(error) && error.code !== 'STORAGE_UNAVAILABLE') return error;
  const code = codeOf(error);
  return new HeadgateError(
    'STORAGE_UNAVAILABLE',
    `data source ${file.dataSource}, segment ${file.segmentId}: file ${posix.basename(file.path)} cannot be read` +
      `${code === '' ? '' : ` (${code})`}; look at deep storage, then ask again`,
    { cause: error, details: { dataSource: file.dataSource, segmentId: file.segmentId } },
  );
}

function isMissing(error: unknown): boolean {
  if (isHeadgateError(error)) return error.code === 'SEGMENT_CORRUPT' && error.details['missing'] === true;
  return ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  const origin = isHeadgateError(error) && error.cause !== undefined ? error.cause : error;
  if (origin instanceof Error && 'code' in origin) return String(origin.code);
  return isHeadgateError(error) ? '' : messageOf(error);
}
