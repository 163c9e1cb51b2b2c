/** What a value would cost to write out or to search: a value may hold the same part of a record many times over. */
import type { JsonObject, JsonValue } from '../json-text.ts';
import type { StepBudget } from './flatten-failure.ts';

const charactersPerStep = 16;
const comparisonsPerStep = 64;

export function spendText(budget: StepBudget, length: number): void {
  budget.spend(Math.ceil(length / charactersPerStep));
}

/** A text looked for in another may be compared at every place of it. */
export function spendSearch(budget: StepBudget, text: string, wanted: string): void {
  budget.spend(Math.ceil((text.length * (wanted.length + 1)) / comparisonsPerStep));
}

/** The steps it spent. Throws `FlattenFailure` when it is more than a record may cost. */
export function measure(value: JsonValue, budget: StepBudget): number {
  let steps = 1;
  if (typeof value === 'string') steps += Math.ceil(value.length / charactersPerStep);
  budget.spend(steps);
  if (Array.isArray(value)) for (const item of value as readonly JsonValue[]) steps += measure(item, budget);
  else if (value instanceof Map)
    for (const [name, item] of value as JsonObject) {
      spendText(budget, name.length);
      steps += measure(item, budget);
    }
  return steps;
}
