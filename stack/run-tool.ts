/** Runs a tool (go, mvn, initdb) to its end; its last lines are in the error when it fails. */
import { spawn } from 'node:child_process';
import type { SpawnOptions } from 'node:child_process';
import { createInterface } from 'node:readline';
import { HeadgateError } from '../domain/errors.ts';
import { guard } from './guard.ts';

export type ToolRun = {
  readonly file: string;
  readonly args: readonly string[];
  readonly options?: Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>;
  /** What failed, for the message: "building Temporal's dev server". */
  readonly doing: string;
  /** Gets each line of output as it comes. */
  readonly onLine?: (line: string) => void;
};

const linesKept = 15;

export async function runTool({ file, args, options, doing, onLine }: ToolRun): Promise<void> {
  const child = spawn(file, [...args], { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const release =
    child.pid === undefined
      ? () => undefined
      : guard(child.pid, { stage: 0, stopSignal: 'SIGKILL', boundMs: 0 });
  const last: string[] = [];
  const take = (line: string) => {
    last.push(line);
    if (last.length > linesKept) last.shift();
    onLine?.(line);
  };
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', take);
  try {
    const end = await new Promise<string | null>((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, signalName) =>
        resolve(code === 0 ? null : (signalName ?? `status ${code}`)),
      );
    });
    if (end === null) return;
    const said = last.length === 0 ? 'It said nothing.' : `It said:\n${last.join('\n')}`;
    throw new HeadgateError('SERVER_START_FAILED', `${doing} failed: ${file} ended with ${end}. ${said}`);
  } finally {
    release();
  }
}
