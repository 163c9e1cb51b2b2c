/**
 * Whether a segment file is the one that was published: size, SHA-256, a readable footer of ours, its number of rows.
 * For `headgate doctor`, the api process before it serves a file, and the ledger of the chaos runs.
 */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { messageOf } from '../domain/errors.ts';
import type { Json } from '../domain/json.ts';
import { readParquetFooter } from './parquet-footer.ts';

export type PublishedSegment = { readonly size: number; readonly sha256: string; readonly rows: number };

/** What `build-segments.ts` put under `headgate` in the file's metadata. */
export type SegmentHeader = {
  readonly format: 1;
  readonly dataSource: string;
  readonly interval: { readonly startMs: number; readonly endMs: number };
  readonly rows: number;
  readonly columns: readonly {
    readonly name: string;
    readonly field: string;
    readonly type: string;
    readonly role: string;
  }[];
  readonly header: Json;
};

/** One sentence per thing that is wrong; none: the file is as published. Never throws for what a file holds. */
export async function verifySegment(localPath: string, expected: PublishedSegment): Promise<string[]> {
  try {
    const problems: string[] = [];
    const { size } = await stat(localPath);
    if (size !== expected.size) problems.push(`it has ${size} bytes, expected ${expected.size}`);
    const sha256 = await sha256Of(localPath);
    if (sha256 !== expected.sha256) problems.push(`its SHA-256 is ${sha256}, expected ${expected.sha256}`);
    const { rows } = await readParquetFooter(localPath);
    if (rows !== expected.rows) problems.push(`it has ${rows} rows, expected ${expected.rows}`);
    await readSegmentHeader(localPath);
    return problems;
  } catch (error) {
    return [messageOf(error)];
  }
}

/** Throws when the file is not a segment of ours. */
export async function readSegmentHeader(localPath: string): Promise<SegmentHeader> {
  const text = (await readParquetFooter(localPath)).keyValues.get('headgate');
  if (text === undefined)
    throw new Error(`${localPath} has no metadata "headgate": not a segment of Headgate`);
  const header = JSON.parse(text) as SegmentHeader;
  if (header.format !== 1)
    throw new Error(`${localPath} has segment format ${String(header.format)}; this program reads 1`);
  return header;
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of createReadStream(path)) hash.update(bytes as Buffer);
  return hash.digest('hex');
}
