/**
 * Which pieces of a sequence become one, so that few are sent and read: size-tiered while rows come, all of them at rest.
 *
 * Each row is merged about log(n) times. Wide pieces are merged among themselves (segments/piece-merge.ts): the asker takes
 * so many pieces and no more, so none may pile up.
 */
import type { Part } from './live-coverage.ts';

/** With more pieces than this some are merged. */
export const manyPieces = 8;

export function partsToMerge(
  parts: readonly Part[],
  options: { readonly isAtRest: boolean; readonly nowMs: number },
): readonly Part[] {
  for (const wide of [false, true]) {
    const mergeable = parts.filter(
      ({ piece, aloneUntilMs }) => piece?.wide === wide && aloneUntilMs <= options.nowMs,
    );
    if (mergeable.length <= (options.isAtRest ? 1 : manyPieces)) continue;
    return options.isAtRest ? mergeable : newest(mergeable);
  }
  return [];
}

/** The newest ones, and older ones as long as they are not much larger than what is merged anyway. */
function newest(parts: readonly Part[]): readonly Part[] {
  let from = parts.length;
  let rows = 0;
  while (from > 0) {
    const older = parts[from - 1]?.piece?.rows ?? 0;
    const isEnough = parts.length - from > manyPieces / 2;
    if (isEnough && older > 2 * rows) break;
    rows += older;
    from -= 1;
  }
  return parts.slice(from);
}
