/** One reading of a record by a compiled path. */
import type { JsonValue } from '../../json-text.ts';
import type { StepBudget } from '../flatten-failure.ts';
import type { PathText } from './tokens.ts';

export type Run = {
  readonly root: JsonValue;
  readonly budget: StepBudget;
  /** Of a filter's "it is there": what cannot be followed is `NotFound`. */
  readonly mustExist: boolean;
  /** What paths from the record gave, within filters. */
  readonly fromRecord: Map<CompiledPath, JsonValue>;
};

export class NotFound extends Error {}

export type CompiledPath = {
  readonly definite: boolean;
  /** Everything found; throws `NotFound` only when `mustExist`. */
  evaluate(document: JsonValue, run: Run): readonly JsonValue[];
  /** The list of an indefinite path, the value of another. */
  read(document: JsonValue, run: Run): JsonValue;
};

/** A path in a filter is compiled by who compiles the filter. */
export type CompilePath = (path: PathText) => CompiledPath;
