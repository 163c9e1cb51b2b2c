/** Reading spec files for `apply` and `validate`; `-` is standard input. */
import { readFileSync } from 'node:fs';
import { HeadgateError, messageOf } from '../domain/errors.ts';

export function readSpecFile(file: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new HeadgateError('REQUEST_INVALID', `${file}: cannot be read (${messageOf(error)})`, {
      details: { status: (error as NodeJS.ErrnoException).code === 'ENOENT' ? 404 : 400 },
    });
  }
}
