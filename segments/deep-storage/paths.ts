/**
 * Which relative paths deep storage accepts: those our own names make (domain/ids.ts percent-encodes everything else), and
 * no others. A hostile data source name cannot leave the root (reliability.md S6).
 */
import { HeadgateError } from '../../domain/errors.ts';

const part = /^[A-Za-z0-9_%-][A-Za-z0-9_%.-]*$/;
const maxPartBytes = 250;
const maxPathBytes = 1000;

/** The parts of a path; throws STORAGE_CONFLICT, which no retry can cure, for anything else. */
export function pathParts(path: string): string[] {
  const parts = path.split('/');
  if (path.length > maxPathBytes)
    throw refused(path, `is ${path.length} bytes long, at most ${maxPathBytes} are allowed`);
  for (const name of parts) {
    if (!part.test(name))
      throw refused(path, 'is not made of the characters A-Z a-z 0-9 _ - % . in non-empty parts');
    if (name.length > maxPartBytes)
      throw refused(path, `has a part of ${name.length} bytes, at most ${maxPartBytes} are allowed`);
  }
  return parts;
}

function refused(path: string, why: string): HeadgateError {
  return new HeadgateError(
    'STORAGE_CONFLICT',
    `deep storage: path ${JSON.stringify(path.slice(0, 200))} ${why}`,
  );
}
