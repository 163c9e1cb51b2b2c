/** `stack.json`: where everything is and which processes run it, so that any program can drive `headgate dev`. */
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TemporalAddress } from './stack.ts';

/** Null is a part that is not started; a server of the user's own has an address and no pid. */
export type StackFile = {
  readonly api: string;
  readonly kafka: string | null;
  readonly kinesis: string | null;
  readonly s3: string | null;
  readonly postgres: string | null;
  readonly temporal: TemporalAddress | null;
  readonly deepStorage: string;
  readonly pids: {
    readonly control: readonly number[];
    readonly ingest: readonly number[];
    readonly api: readonly number[];
    readonly kafka: number | null;
    readonly postgres: number | null;
    readonly temporal: number | null;
    readonly kinesis: number | null;
    readonly s3: number | null;
  };
};

export function stackFilePath(dataDir: string): string {
  return join(dataDir, 'stack.json');
}

/** A reader sees the old file or the new one, never a part. Addresses may hold a password: it is the owner's to read. */
export function writeStackFile(dataDir: string, content: StackFile): void {
  const path = stackFilePath(dataDir);
  writeFileSync(`${path}.tmp`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export function readStackFile(dataDir: string): StackFile {
  return JSON.parse(readFileSync(stackFilePath(dataDir), 'utf8')) as StackFile;
}

export function removeStackFile(dataDir: string): void {
  rmSync(stackFilePath(dataDir), { force: true });
}
