/**
 * The tokens of a path to closures, each of which hands what it finds to the next: Jayway's evaluation under Druid's
 * options (exceptions suppressed, a missing property is null).
 *
 * A missing property, or one that is null, is null and counts as an empty object further on; a null item of a list is
 * `undefined` here and counts as no object. Indefinite paths (`*`, `..`, slices, filters, several indexes) give the list of
 * what they find, others the last thing found, or null.
 */
import type { JsonObject, JsonValue } from '../../json-text.ts';
import { FlattenFailure } from '../flatten-failure.ts';
import { spendText } from '../measure.ts';
import { compileCondition, type Accepts } from './conditions.ts';
import { applyFunction, type Argument } from './functions.ts';
import { NotFound, type CompiledPath, type Run } from './run.ts';
import type { Parameter, PathText, PathToken } from './tokens.ts';

type Model = JsonValue | undefined;
type Step = (model: Model, run: Run, found: JsonValue[]) => void;

export function compileSteps({ tokens }: PathText): CompiledPath {
  const inverted = functionOverScan(tokens);
  if (inverted !== null) return inverted;
  const first = stepsFrom(tokens, 0);
  const definite = tokens.every((_token, at) => isDefinite(tokens, at));
  return pathOf(first, definite);
}

function pathOf(first: Step, definite: boolean): CompiledPath {
  const evaluate: CompiledPath['evaluate'] = (document, run) => {
    const found: JsonValue[] = [];
    first(document, run, found);
    return found;
  };
  return {
    definite,
    evaluate,
    read: (document, run) => {
      const found = evaluate(document, run);
      return definite ? (found.at(-1) ?? null) : found;
    },
  };
}

/** `$..v.sum()` is the sum of all that `$..v` finds, not of each. */
function functionOverScan(tokens: readonly PathToken[]): CompiledPath | null {
  const last = tokens.at(-1);
  if (last?.kind !== 'function' || tokens[0]?.kind !== 'scan') return null;
  const scanned: Parameter = { kind: 'path', path: { fromRoot: true, tokens: tokens.slice(0, -1) } };
  return pathOf(functionStep(last.name, [scanned]), true);
}

function isDefinite(tokens: readonly PathToken[], at: number): boolean {
  const token = tokens[at];
  switch (token?.kind) {
    case 'property':
      return token.names.length === 1 || at === tokens.length - 1;
    case 'index':
      return token.indexes.length === 1;
    case 'function':
      return true;
    default:
      return false;
  }
}

const add: Step = (model, _run, found) => {
  found.push(model ?? null);
};

function stepsFrom(tokens: readonly PathToken[], at: number): Step {
  const token = tokens[at];
  if (token === undefined) return add;
  const next = stepsFrom(tokens, at + 1);
  if (token.kind === 'scan') return scan(tokens, at + 1, next);
  const upstreamDefinite = tokens.slice(0, at).every((_token, before) => isDefinite(tokens, before));
  return counted(stepOf(token, next, { isLeaf: at === tokens.length - 1, upstreamDefinite }));
}

function counted(step: Step): Step {
  return (model, run, found) => {
    run.budget.spend(1);
    step(model, run, found);
  };
}

type Place = { readonly isLeaf: boolean; readonly upstreamDefinite: boolean };

function stepOf(token: Exclude<PathToken, { kind: 'scan' }>, next: Step, place: Place): Step {
  switch (token.kind) {
    case 'property':
      return propertyStep(token.names, next, place);
    case 'index':
      return overList(place, (list, run, found) => {
        run.budget.spend(token.indexes.length);
        for (const index of token.indexes) next(itemAt(list, index), run, found);
      });
    case 'slice':
      return sliceStep(token.from, token.to, next, place);
    case 'wildcard':
      return wildcardStep(next);
    case 'filter':
      return filterStep(compileCondition(token.condition, compileSteps), next, place);
    case 'function':
      return functionStep(token.name, token.parameters);
  }
}

/** Null for an object that is missing; undefined for what is no object. */
function objectOf(model: Model): JsonObject | null | undefined {
  if (model === null) return null;
  return model instanceof Map ? (model as JsonObject) : undefined;
}

function listOf(model: Model): readonly JsonValue[] | null {
  return Array.isArray(model) ? (model as readonly JsonValue[]) : null;
}

/** An item that is null is not a missing one. */
function itemAt(list: readonly JsonValue[], index: number): Model {
  const at = index < 0 ? list.length + index : index;
  if (at < 0 || at >= list.length) return null;
  return list[at] ?? undefined;
}

function propertyStep(names: readonly string[], next: Step, place: Place): Step {
  return (model, run, found) => {
    const object = objectOf(model);
    if (object === undefined) return notFollowed(run, place);
    if (names.length > 1 && place.isLeaf) found.push(picked(object, names, run));
    else for (const name of names) next(object?.get(name) ?? null, run, found);
  };
}

/** Several names at the end of a path: one object of those that are there. */
function picked(object: JsonObject | null, names: readonly string[], run: Run): JsonObject {
  const result = new Map<string, JsonValue>();
  for (const name of names) {
    const value = object?.get(name);
    if (value !== undefined) result.set(name, value);
    else if (run.mustExist) throw new NotFound();
  }
  return result;
}

function notFollowed(run: Run, { upstreamDefinite }: Place): void {
  if (run.mustExist && upstreamDefinite) throw new NotFound();
}

function overList(
  place: Place,
  each: (list: readonly JsonValue[], run: Run, found: JsonValue[]) => void,
): Step {
  return (model, run, found) => {
    const list = listOf(model);
    if (list === null) notFollowed(run, place);
    else each(list, run, found);
  };
}

/** A start before the list counts from its end only where nothing or an end after the start is given, as in Jayway. */
function sliceStep(from: number | null, to: number | null, next: Step, place: Place): Step {
  return overList(place, (list, run, found) => {
    const { length } = list;
    if (length === 0) return;
    let start = from ?? 0;
    let end = to ?? length;
    if (to === null) start = Math.max(0, start < 0 ? length + start : start);
    else if (from === null && end < 0) end = length + end;
    end = Math.min(length, end);
    if (end > start) run.budget.spend(end - start);
    for (let at = start; at < end; at++) next(itemAt(list, at), run, found);
  });
}

function wildcardStep(next: Step): Step {
  return (model, run, found) => {
    const list = listOf(model);
    if (list !== null) {
      run.budget.spend(list.length);
      for (const item of list) next(item ?? undefined, run, found);
      return;
    }
    const object = objectOf(model);
    if (object === null || object === undefined) return;
    run.budget.spend(object.size);
    for (const value of object.values()) next(value, run, found);
  };
}

function filterStep(accepts: Accepts, next: Step, { upstreamDefinite }: Place): Step {
  return (model, run, found) => {
    const list = listOf(model);
    if (list !== null) {
      for (const item of list) if (accepts(item, run)) next(item ?? undefined, run, found);
    } else if (objectOf(model) !== undefined) {
      if (accepts(model ?? null, run)) next(model, run, found);
    } else if (upstreamDefinite) {
      throw new FlattenFailure('flattenSpec: a filter in a path was applied to a plain value');
    }
  };
}

function functionStep(name: string, written: readonly Parameter[]): Step {
  const counts = name === 'length' || name === 'size';
  const readers = written.map((parameter) => argumentReader(parameter, counts));
  return (model, run, found) => {
    const parameters = readers.map((read) => read(model ?? null, run));
    for (const list of [model, ...parameters.map(({ value }) => value)])
      if (Array.isArray(list)) run.budget.spend(list.length);
    const result = applyFunction(name, model, parameters);
    if (typeof result === 'string') spendText(run.budget, result.length);
    else if (Array.isArray(result)) run.budget.spend(result.length);
    found.push(result);
  };
}

/** A parameter is looked up from the record; that of length() from the value before it, and it counts what it finds. */
function argumentReader(parameter: Parameter, counts: boolean): (model: JsonValue, run: Run) => Argument {
  if (parameter.kind === 'json') return () => ({ kind: 'json', value: parameter.value });
  const { tokens } = parameter.path;
  const ends = tokens.at(-1)?.kind === 'function' || tokens.length === 0;
  const counted: PathText =
    counts && !ends ? { fromRoot: true, tokens: [...tokens, { kind: 'wildcard' }] } : parameter.path;
  const path = compileSteps(counted);
  return (model, run) => ({
    kind: 'path',
    value: path.read(counts ? model : run.root, { ...run, mustExist: false }),
  });
}

/**
 * `..`: what follows is tried at every object and list, outermost first. An object must have the names; a list is tried as
 * a whole by an index, a wildcard or a filter.
 */
function scan(tokens: readonly PathToken[], at: number, next: Step): Step {
  const token = tokens[at];
  const matches = scanned(token, at === tokens.length - 1);
  const walk: Step = (model, run, found) => {
    run.budget.spend(1);
    const list = listOf(model);
    if (list === null && objectOf(model) === undefined) return;
    if (matches(model ?? null, run)) next(model, run, found);
    if (list !== null) for (const item of list) walk(item, run, found);
    else if (model instanceof Map)
      for (const value of (model as JsonObject).values()) walk(value, run, found);
  };
  return walk;
}

function scanned(token: PathToken | undefined, isLeaf: boolean): (model: JsonValue, run: Run) => boolean {
  switch (token?.kind) {
    case 'property':
      return (model, run) => {
        const object = objectOf(model);
        if (object === undefined) return false;
        if (run.mustExist || (token.names.length > 1 && !isLeaf)) return true;
        return token.names.every((name) => object?.has(name) === true);
      };
    case 'index':
    case 'slice':
      return (model) => Array.isArray(model);
    case 'filter': {
      const accepts = compileCondition(token.condition, compileSteps);
      return (model, run) => accepts(model, run);
    }
    case 'wildcard':
      return () => true;
    default:
      return () => false;
  }
}
