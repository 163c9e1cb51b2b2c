/** A part of a spec that does not compile: an expression, a path, a pattern, a filter. check-spec.ts makes a `Problem` of it. */
export class CompileProblem extends Error {
  /** What would have been right. */
  readonly expected: string;
  /** Where, below the part that was given: `.fields[1].dimension`; '' is the part itself. */
  readonly at: string;
  readonly remedy: string | undefined;
  /** What stands there, where that is less than the whole part. */
  readonly found: string | undefined;

  constructor(
    expected: string,
    options: { readonly at?: string; readonly remedy?: string; readonly found?: string } = {},
  ) {
    super(expected);
    this.name = 'CompileProblem';
    this.expected = expected;
    this.at = options.at ?? '';
    this.remedy = options.remedy;
    this.found = options.found;
  }
}
