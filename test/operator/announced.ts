/**
 * What orders have announced of one supervisor: which records will be read once more, which will not be read. From these
 * alone it follows how often each record must be in the data; what the database believes is not asked.
 */
export type Range = { readonly partition: string; readonly from: bigint; readonly to: bigint };

type Span = { readonly from: bigint; readonly to: bigint };

export type Announcement = {
  /** Where each partition goes. */
  readonly positions: Readonly<Record<string, bigint>>;
  readonly skipped: readonly Range[];
  /** Published already. */
  readonly readAgain: readonly Range[];
};

export class Announced {
  readonly #more: Range[] = [];
  readonly #less: Range[] = [];
  /** Skipped, and not come back to since. */
  readonly #skipped = new Map<string, readonly Span[]>();

  reset({ positions, skipped, readAgain }: Announcement): void {
    for (const [partition, position] of Object.entries(positions)) {
      const spans = this.#skipped.get(partition) ?? [];
      const back = spans
        .map(({ from, to }) => ({ from: from < position ? position : from, to }))
        .filter(some);
      const again = readAgain.filter((range) => range.partition === partition);
      // Of what was skipped only that which was never published is news: the rest is among what is read again.
      for (const span of without(back, again)) this.#more.push({ partition, ...span });
      this.#skipped.set(partition, without(spans, back));
    }
    for (const { partition, from, to } of skipped)
      this.#skipped.set(partition, [...(this.#skipped.get(partition) ?? []), { from, to }]);
    this.#more.push(...readAgain);
    this.#less.push(...skipped);
  }

  /** A record must be there once, and once more for each of these that holds it ... */
  get more(): readonly Range[] {
    return this.#more;
  }

  /** ... and once less for each of these. */
  get less(): readonly Range[] {
    return this.#less;
  }
}

function some({ from, to }: Span): boolean {
  return from < to;
}

function without(spans: readonly Span[], holes: readonly Span[]): readonly Span[] {
  return holes.reduce<readonly Span[]>(
    (rest, hole) =>
      rest
        .flatMap(({ from, to }) => [
          { from, to: to < hole.from ? to : hole.from < from ? from : hole.from },
          { from: from > hole.to ? from : hole.to > to ? to : hole.to, to },
        ])
        .filter(some),
    spans,
  );
}
