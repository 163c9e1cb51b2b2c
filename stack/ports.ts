/**
 * Loopback ports that a data folder keeps: servers come back on the address they had, because specs and bookmarks name
 * it. New ports lie below the range the system hands out to outgoing connections, or one of those would sit on it.
 */
import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StackLog } from './progress.ts';

const lowest = 15_000;
const highest = 32_000;
const attempts = 200;

export function isFree(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}

/**
 * A port nobody listens on now, below the range of outgoing connections, and that no other living process of ours was
 * given: between the answer and the first listening lie seconds, and a server that is restarted leaves its port alone.
 */
export async function freePort(reserved: ReadonlySet<number> = new Set()): Promise<number> {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, highest);
    if (!reserved.has(port) && (await isFree(port)) && claim(port)) return port;
  }
  throw new Error(`no free port found between ${lowest} and ${highest} in ${attempts} attempts`);
}

/** A note for the others; where none can be left, the port is taken without. */
function claim(port: number): boolean {
  const folder = join(tmpdir(), 'headgate-ports');
  const note = join(folder, String(port));
  try {
    mkdirSync(folder, { recursive: true, mode: 0o777 });
    const owner = Number(readIfThere(note) ?? 0);
    if (owner > 0 && owner !== process.pid && isAlive(owner)) return false;
    writeFileSync(note, String(process.pid));
  } catch {
    // Another user's folder, or a full disk.
  }
  return true;
}

function readIfThere(path: string): string | null {
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

export class PortMemory {
  readonly #path: string;
  readonly #ports: Map<string, number>;

  constructor(dataDir: string) {
    this.#path = join(dataDir, 'ports.json');
    this.#ports = new Map(readPorts(this.#path));
  }

  /** The remembered port of `name`, or a new one when there is none or another program sits on it. */
  async take(name: string, log: StackLog): Promise<number> {
    const remembered = this.#ports.get(name);
    if (remembered !== undefined && (await isFree(remembered))) return remembered;
    const port = await freePort(new Set(this.#ports.values()));
    if (remembered !== undefined)
      log.line(`Port ${remembered} of ${name} is taken by another program; it moves to ${port}.`);
    this.#ports.set(name, port);
    this.#write();
    return port;
  }

  #write(): void {
    const draft = `${this.#path}.tmp`;
    writeFileSync(draft, `${JSON.stringify(Object.fromEntries(this.#ports), null, 2)}\n`);
    renameSync(draft, this.#path);
  }
}

function readPorts(path: string): [string, number][] {
  try {
    const content: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof content !== 'object' || content === null) return [];
    return Object.entries(content).filter(
      (entry): entry is [string, number] => Number.isInteger(entry[1]) && entry[1] > 0 && entry[1] < 65_536,
    );
  } catch {
    return [];
  }
}
