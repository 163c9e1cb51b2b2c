/**
 * What is wrong, or only worth knowing, in a spec: one entry per place, with what stands there and what should.
 *
 * A problem never repeats a value that could be a secret, nor a long one: `render` decides what may be shown.
 */
import { isSecretName, looksSecret } from './secrets.ts';

export type Problem = {
  /** Where, as in `spec.ioConfig.taskCount` or `spec.dataSchema.metricsSpec[0].name`. */
  readonly path: string;
  readonly found: string;
  readonly expected: string;
  readonly remedy?: string;
};

/** Problems beyond this many are only counted: a body of a megabyte must not become an answer of many. */
const problemsMax = 100;

/** Collects in order. Both lists stop growing at a limit, and say how many were left out. */
export class ProblemList {
  readonly #problems: Problem[] = [];
  readonly #warnings: Problem[] = [];
  #problemsLeftOut = 0;
  #warningsLeftOut = 0;

  problem(problem: Problem): void {
    if (this.#problems.length < problemsMax) this.#problems.push(problem);
    else this.#problemsLeftOut++;
  }

  warning(warning: Problem): void {
    if (this.#warnings.length < problemsMax) this.#warnings.push(warning);
    else this.#warningsLeftOut++;
  }

  /** Whether another warning would be kept; lets a caller skip costly hints. */
  get wantsWarnings(): boolean {
    return this.#warnings.length < problemsMax;
  }

  get problems(): Problem[] {
    return withRest(this.#problems, this.#problemsLeftOut);
  }

  get warnings(): Problem[] {
    return withRest(this.#warnings, this.#warningsLeftOut);
  }
}

function withRest(list: readonly Problem[], leftOut: number): Problem[] {
  if (leftOut === 0) return [...list];
  return [...list, { path: '...', found: `${leftOut} more of the same kind`, expected: 'none' }];
}

/** One line per problem. */
export function describeProblems(problems: readonly Problem[]): string {
  return problems.map(describeProblem).join('\n');
}

function describeProblem({ path, found, expected, remedy }: Problem): string {
  return `${path}: found ${found}, expected ${expected}${remedy === undefined ? '' : `; ${remedy}`}`;
}

/** A value of a spec in a few words. Objects and arrays only by kind; nothing that may be a secret. */
export function render(value: unknown, name = ''): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'object') return renderContainer(value);
  if (isSecretName(name) || (typeof value === 'string' && looksSecret(value))) return 'a secret';
  if (typeof value !== 'string') return shorten(String(value));
  return JSON.stringify(shorten(value));
}

function renderContainer(value: object): string {
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  const keys = Object.keys(value);
  if (keys.length === 0) return 'an empty object';
  const shown = keys.slice(0, 3).map((key) => JSON.stringify(shorten(key)));
  return `an object with ${shown.join(', ')}${keys.length > 3 ? ', ...' : ''}`;
}

/** Cuts by whole characters, so that half a surrogate pair never leaves this file. */
export function shorten(text: string): string {
  const limit = 60;
  if (text.length <= limit) return text;
  return `${Array.from(text.slice(0, limit + 1))
    .slice(0, limit - 1)
    .join('')}...`;
}

/** Appends a key the way JavaScript would read it: dotted, or in brackets when it is not a plain word. */
export function childPath(parent: string, key: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(key)) return `${parent}[${JSON.stringify(shorten(key))}]`;
  return parent === '' ? key : `${parent}.${key}`;
}

export function itemPath(parent: string, index: number): string {
  return `${parent}[${index}]`;
}
