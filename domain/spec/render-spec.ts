/** What a GET answers for a stored spec: Druid's shape, secrets masked. */
import { maskSpecText } from './secrets.ts';

/** JSON text. A stored text that cannot be read is shown as it stands. */
export function renderSpec(specText: string): string {
  return maskSpecText(specText);
}
