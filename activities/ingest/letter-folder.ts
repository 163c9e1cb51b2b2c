/** Dead letters as files of JSON lines in deep storage, below `_dead-letters/`. Nothing here ever deletes one. */
import { randomUUID } from 'node:crypto';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { letterPath } from '../../domain/ids.ts';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import type { DeadLetter } from './dead-letter.ts';
import type { LetterSink } from './dead-letter-office.ts';

export class LetterFolder implements LetterSink {
  readonly #deepStorage: DeepStorage;
  readonly #options: { readonly supervisorId: string; readonly taskId: string; readonly scratch: string };

  constructor(
    deepStorage: DeepStorage,
    options: { readonly supervisorId: string; readonly taskId: string; readonly scratch: string },
  ) {
    this.#deepStorage = deepStorage;
    this.#options = options;
  }

  async deliver(letters: readonly DeadLetter[]): Promise<void> {
    const { supervisorId, taskId, scratch } = this.#options;
    const id = randomUUID();
    const local = join(scratch, `${id}.jsonl`);
    try {
      await writeFile(local, letters.map((letter) => `${JSON.stringify(letter)}\n`).join(''));
      await this.#deepStorage.put(letterPath({ supervisorId, taskId, id }), local);
    } finally {
      await rm(local, { force: true });
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
