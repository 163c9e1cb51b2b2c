/** What a field of a `flattenSpec` compiles to. */
import type { JsonObject, JsonValue } from '../json-text.ts';
import type { StepBudget } from './flatten-failure.ts';

/** Throws `FlattenFailure` when the record cannot be read so. */
export type Extractor = (root: JsonObject, budget: StepBudget) => JsonValue;
