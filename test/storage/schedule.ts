/**
 * Actors that use a safety store at the same time, one step at a time, in an order that a tape of bytes decides.
 *
 * Each actor is a generator that yields the call it is about to make; between any two calls of one actor the others may
 * do anything, and an actor may be left standing for ever (a crash), or go on much later (a frozen process thaws). Files
 * live beside the store and move only by these actors, as deep storage does.
 */
import fc from 'fast-check';
import { assert } from '../../domain/assert.ts';
import type { Answer, At, CallName, Input, Lease, LiveGeneration, LiveSequence } from './safety-store.ts';

export type Step = {
  readonly [Name in CallName]: { readonly name: Name; readonly input: Input<Name> };
}[CallName];

type Pause = { readonly name: 'pause' };
export type Program = Generator<Step | Pause, void, unknown>;

/** Rows [from, to) of a partition in an incarnation. */
export type Rows = { partition: string; incarnation: string; from: bigint; to: bigint };

/** What decides a schedule: one byte a choice. */
export const tapes = fc.uint8Array({ minLength: 30, maxLength: 800, size: 'max' });

/** Chooses from the tape; when it is used up, always the first. */
class Choices {
  readonly #tape: Uint8Array;
  #at = 0;
  constructor(tape: Uint8Array) {
    this.#tape = tape;
  }
  get left(): boolean {
    return this.#at < this.#tape.length;
  }
  below(bound: number): number {
    return (this.#tape[this.#at++] ?? 0) % bound;
  }
  oneIn(bound: number): boolean {
    return this.below(bound) === 1;
  }
  of<T>(items: readonly T[]): T | undefined {
    return items.length === 0 ? undefined : items[this.below(items.length)];
  }
}

export class World {
  readonly choices: Choices;
  readonly prefix: string;
  /** Deep storage: what each file holds. */
  readonly files = new Map<string, readonly Rows[]>();
  /** How often each kind of answer came, for knowing that schedules get everywhere. */
  readonly seen: Map<string, number>;
  #counter = 0;

  constructor(prefix: string, tape: Uint8Array, seen: Map<string, number>) {
    this.choices = new Choices(tape);
    this.prefix = prefix;
    this.seen = seen;
  }

  id(): number {
    return ++this.#counter;
  }

  uuid(): string {
    const tail = String(this.id()).padStart(12, '0');
    return `${this.prefix.replace(/\D/g, '').padStart(8, '0')}-0000-4000-8000-${tail}`;
  }

  letters(): string {
    return String(this.id())
      .padStart(8, '0')
      .replace(/./g, (digit) => String.fromCharCode(97 + Number(digit)));
  }
}

export function* call<Name extends CallName>(
  name: Name,
  input: Input<Name>,
): Generator<Step, Answer<Name>, unknown> {
  return (yield { name, input } as unknown as Step) as Answer<Name>;
}

const pause: Pause = { name: 'pause' };
const partitions = ['0', '1'] as const;

export type Actor = { readonly weight: number; readonly make: () => Program };

/** Everybody who uses the store at the same time; weights say how often each gets a turn. */
export function actorsOf(world: World): readonly Actor[] {
  return [
    { weight: 3, make: () => supervisor(world) },
    { weight: 1, make: () => supervisor(world) },
    ...[0, 1, 2].map((slot) => ({ weight: 5, make: () => attempt(world, slot) })),
    { weight: 1, make: () => reaper(world) },
    { weight: 1, make: () => discarder(world) },
    { weight: 1, make: () => replacer(world) },
    { weight: 1, make: () => resetter(world) },
  ];
}

/** One whole schedule: seeds, everybody at once until the tape ends, then what is left is brought home. */
export function* schedule(world: World): Program {
  yield* call('seed', { positions: { 0: '10', 1: '20' } });
  const slots = actorsOf(world).flatMap(({ weight, make }) => {
    const slot = { make, program: null as Program | null, next: null as Step | Pause | null };
    return Array.from({ length: weight }, () => slot);
  });
  while (world.choices.left) {
    const slot = world.choices.of(slots);
    if (slot === undefined) break;
    if (slot.program === null || slot.next === null) {
      slot.program = slot.make();
      slot.next = take(slot.program.next());
    } else {
      const answer = slot.next.name === 'pause' ? undefined : yield slot.next;
      slot.next = take(slot.program.next(answer));
    }
  }
  yield* drain(world);
}

function take(result: IteratorResult<Step | Pause, void>): Step | Pause | null {
  return result.done === true ? null : result.value;
}

/** Creates generations over one or two groups, pauses and ends what reads, repeats a call whose answer it lost. */
function* supervisor(world: World): Program {
  const { choices } = world;
  const { generations, newest, unseeded } = yield* call('live', {});
  if (unseeded.length > 0 && choices.below(2) === 0) {
    yield* call('seed', { positions: { [unseeded[0] ?? '0']: String(choices.below(60)) } });
    return;
  }
  const open = choices.of(
    generations.filter(({ sequences }) => sequences.some(({ state }) => state === 'open')),
  );
  if (open !== undefined && choices.below(4) > 0) return yield* endOne(world, open);
  const groupId = choices.below(2);
  const together = choices.below(2) === 0;
  const known = Number(newest[groupId] ?? 0);
  const input: Input<'createGeneration'> = {
    groupId,
    expectedGeneration: choices.oneIn(8) ? Math.max(0, known - 1) : known,
    partitions: together ? [...partitions] : [partitions[groupId] ?? '0'],
    letters: choices.below(2) === 0 ? [world.letters()] : [world.letters(), world.letters()],
  };
  const outcome = yield* call('createGeneration', input);
  note(world, 'create', outcome);
  if (choices.oneIn(4)) note(world, 'create again', yield* call('createGeneration', input));
}

function* endOne(world: World, { groupId, generation, sequences }: LiveGeneration): Program {
  const { choices } = world;
  const ordinal = sequences.find(({ state }) => state === 'open')?.ordinal ?? 0;
  const key = { groupId, generation, ordinal };
  const asked = yield* call('requestPause', { ...key, leaseMs: choices.oneIn(3) ? 0 : 3_600_000 });
  note(world, 'pause', asked);
  if (asked.kind !== 'requested') return;
  for (let rest = choices.below(6); rest > 0; rest--) yield pause;
  const input = { ...key, requestNo: asked.requestNo, final: choices.below(2) === 0 };
  note(world, 'end', yield* call('endSequence', input));
  if (choices.oneIn(4)) note(world, 'end again', yield* call('endSequence', input));
}

/** What an attempt holds of one sequence. */
type Held = LiveSequence & {
  at: Record<string, bigint>;
  rows: Rows[];
  spills: string[];
  /** Rows in `spills`. */
  spilled: Rows[];
  publish: { id: string; path: string; end: At } | null;
  gone: boolean;
};

function holdOf(sequence: LiveSequence): Held {
  const at = Object.fromEntries(Object.entries(sequence.starts).map(([key, value]) => [key, BigInt(value)]));
  const gone = sequence.state === 'published' || sequence.state === 'discarded';
  return { ...sequence, at, rows: [], spills: [], spilled: [], publish: null, gone };
}

type Reader = {
  readonly world: World;
  readonly lease: Lease;
  readonly key: Key;
  held: Held[];
  alive: boolean;
};
type Key = { readonly groupId: number; readonly generation: number };

/** One attempt of some running task: take it over, go on from its checkpoint, read, spill, answer, publish, or stop anywhere. */
function* attempt(world: World, slot: number): Program {
  const { choices } = world;
  const { generations } = yield* call('live', {});
  const running = generations.flatMap((generation) =>
    generation.tasks.flatMap((task) => (task.state === 'RUNNING' ? [{ generation, task }] : [])),
  );
  // Mostly a task of its own, sometimes that of another attempt.
  const chosen = choices.oneIn(4) ? choices.of(running) : running[slot % Math.max(1, running.length)];
  if (chosen === undefined) return;
  const { generation, task } = chosen;
  const reader = yield* takeOver(world, generation, task.taskId, choices.oneIn(8) ? 0 : world.id());
  if (reader === null) return;
  for (let turn = 0; turn < 40 && reader.alive; turn++) {
    const move = choices.below(12);
    if (move < 5) readSome(reader);
    else if (move < 7) yield* look(reader);
    else if (move === 7) yield* spill(reader);
    else if (move === 8) yield* report(reader);
    else if (move < 11) {
      yield* look(reader);
      yield* publishOne(reader, choices.oneIn(8));
    } else if (choices.oneIn(6)) return;
    else yield pause;
    if (reader.held.length > 0 && reader.held.every(({ gone }) => gone)) return;
  }
}

function* takeOver(
  world: World,
  generation: LiveGeneration,
  taskId: string,
  attemptNo: number,
): Generator<Step | Pause, Reader | null, unknown> {
  const acquired = yield* call('acquire', { taskId, activityRun: `run-${taskId}`, attempt: attemptNo });
  note(world, 'acquire', acquired);
  if (acquired.kind === 'refused') return null;
  const key = { groupId: generation.groupId, generation: generation.generation };
  const held = acquired.sequences.map(holdOf);
  const reader: Reader = { world, lease: acquired.lease, key, held, alive: true };
  const { checkpoint } = acquired;
  if (checkpoint === null) return reader;
  yield pause;
  const outcome = yield* call('adopt', { lease: acquired.lease, checkpointId: checkpoint.checkpointId });
  note(world, 'adopt', outcome);
  if (outcome === 'refused') return reader;
  for (const item of checkpoint.sequences) {
    const sequence = held.find(({ sequenceId }) => sequenceId === item.sequenceId);
    if (sequence === undefined || sequence.gone) continue;
    const content = item.files.map((path) => world.files.get(path));
    if (content.some((rows) => rows === undefined)) {
      // It may have ended between the acquire and the adopt; then its spills may go, and the commit will say so.
      sequence.gone = true;
      note(world, 'adopt', 'file gone');
      continue;
    }
    sequence.at = Object.fromEntries(
      Object.entries(item.positions).map(([name, value]) => [name, BigInt(value)]),
    );
    sequence.rows = content.flatMap((rows) => rows ?? []);
    sequence.spilled = [...sequence.rows];
    sequence.spills = [...item.files];
  }
  return reader;
}

/** The sequence being read: the first that has not reached its ends. */
function currentOf(reader: Reader): Held | undefined {
  return reader.held.find((sequence) => !sequence.gone && !isComplete(sequence));
}

function isComplete(sequence: Held): boolean {
  return (
    sequence.ends !== null &&
    Object.entries(sequence.ends).every(([partition, end]) => (sequence.at[partition] ?? 0n) === BigInt(end))
  );
}

function readSome({ held, world }: Reader, wanted = 1 + world.choices.below(5)): void {
  const sequence = held.find((candidate) => !candidate.gone && !isComplete(candidate));
  const partition = world.choices.of(Object.keys(sequence?.starts ?? {}));
  if (sequence === undefined || partition === undefined) return;
  const from = sequence.at[partition] ?? 0n;
  const end = sequence.ends?.[partition];
  const wish = from + BigInt(wanted);
  const to = end !== undefined && wish > BigInt(end) ? BigInt(end) : wish;
  if (to <= from) return;
  sequence.at[partition] = to;
  sequence.rows.push({ partition, incarnation: sequence.incarnations[partition] ?? '', from, to });
}

function positionsOf(sequence: Held): At {
  return Object.fromEntries(
    Object.entries(sequence.at).map(([partition, position]) => [partition, String(position)]),
  );
}

/** Learns ends and new sequences, drops what is beyond, answers a pause. */
function* look(reader: Reader): Generator<Step | Pause, void, unknown> {
  const { world, lease } = reader;
  const control = yield* call('readControl', reader.key);
  for (const found of control.sequences) {
    const known = reader.held.find(({ sequenceId }) => sequenceId === found.sequenceId);
    if (known === undefined) {
      const before = reader.held.find(({ ordinal }) => ordinal === found.ordinal - 1);
      const starts = before?.ends ?? null;
      if (before === undefined || starts === null) continue;
      const state = found.state as LiveSequence['state'];
      reader.held.push(holdOf({ ...before, ...found, state, starts, ends: found.ends }));
      continue;
    }
    Object.assign(known, { state: found.state, ends: found.ends, final: found.final });
    if (found.state === 'discarded') known.gone = true;
    if (found.ends !== null && isBeyond(known, found.ends)) drop(known);
  }
  const current = currentOf(reader);
  if (control.state !== 'pause' || current === undefined) return;
  yield pause;
  const { requestNo } = control;
  const answer = yield* call('answerPause', { lease, requestNo, positions: positionsOf(current) });
  note(world, 'answer', answer);
  if (answer === 'fenced') reader.alive = false;
  if (answer === 'ok' && world.choices.oneIn(3)) {
    yield pause;
    note(world, 'resume', yield* call('resumeAfterLease', { lease, requestNo }));
  }
}

function isBeyond(sequence: Held, ends: At): boolean {
  return Object.entries(ends).some(([partition, end]) => (sequence.at[partition] ?? 0n) > BigInt(end));
}

/** Back to the start of the sequence. */
function drop(sequence: Held): void {
  Object.assign(sequence, holdOf(sequence));
}

function* report(reader: Reader): Generator<Step, void, unknown> {
  const current = currentOf(reader);
  if (current === undefined) return;
  const answer = yield* call('progress', { lease: reader.lease, positions: positionsOf(current) });
  note(reader.world, 'progress', answer);
  if (answer === 'fenced') reader.alive = false;
}

/** Seals what was read in files of all unpublished sequences, then a checkpoint that lists old and new ones. */
function* spill(reader: Reader): Generator<Step | Pause, void, unknown> {
  const { world, lease } = reader;
  const held = reader.held.filter(({ gone }) => !gone);
  const fresh = held.map((sequence) => ({
    sequence,
    path: `${world.prefix}/spill/${world.id()}`,
    rows: sequence.rows.filter((row) => !sequence.spilled.includes(row)),
    at: positionsOf(sequence),
  }));
  if (held.length === 0) return;
  const paths = fresh.map(({ path }) => path);
  const allowed = yield* call('insertIntents', { lease, kind: 'checkpoint', paths });
  note(world, 'intents', allowed);
  if (allowed === 'fenced') return void (reader.alive = false);
  for (const { path, rows } of fresh) {
    yield pause;
    world.files.set(path, rows);
  }
  const answer = yield* call('insertCheckpoint', {
    lease,
    checkpointId: world.uuid(),
    sequences: fresh.map(({ sequence, path, at }) => ({
      sequenceId: sequence.sequenceId,
      positions: at,
      files: [...sequence.spills, path],
    })),
  });
  note(world, 'checkpoint', answer);
  if (answer === 'fenced') return void (reader.alive = false);
  if (answer === 'beyondEnd') return;
  assert(answer === 'ok', `a checkpoint of its own files was refused: ${answer}`);
  for (const { sequence, path, rows } of fresh) {
    sequence.spills.push(path);
    sequence.spilled.push(...rows);
  }
}

/** The oldest sequence that is complete: files, then the commit. A sloppy one takes its own positions for the ends. */
function* publishOne(reader: Reader, sloppy: boolean): Generator<Step | Pause, void, unknown> {
  const { world, lease } = reader;
  const sequence = reader.held.find((candidate) => !candidate.gone);
  if (sequence === undefined || !(sloppy || isComplete(sequence))) return;
  const end = positionsOf(sequence);
  let publish = sequence.publish;
  if (publish === null || !sameAt(publish.end, end)) {
    publish = { id: world.uuid(), path: `${world.prefix}/segment/${world.id()}`, end };
    const rows = [...sequence.rows];
    const allowed = yield* call('insertIntents', { lease, kind: 'publish', paths: [publish.path] });
    note(world, 'intents', allowed);
    if (allowed === 'fenced') return void (reader.alive = false);
    yield pause;
    world.files.set(publish.path, rows);
    sequence.publish = publish;
  }
  const input: Input<'commit'> = {
    lease,
    publishId: publish.id,
    sequenceId: sequence.sequenceId,
    ranges: Object.entries(sequence.starts).map(([partition, start]) => ({
      partition,
      incarnation: sequence.incarnations[partition] ?? '',
      start,
      end: end[partition] ?? start,
    })),
    paths: [publish.path],
  };
  let outcome = yield* call('commit', input);
  note(world, 'commit', outcome);
  if (world.choices.oneIn(5)) {
    // The reply was lost: the same commit again, with the same publish id.
    outcome = yield* call('commit', input);
    note(world, 'commit again', outcome);
  }
  switch (outcome.kind) {
    case 'committed':
    case 'already':
    case 'discarded':
      sequence.gone = true;
      return;
    case 'overread':
      return drop(sequence);
    case 'ahead':
      return;
    case 'violation':
    case 'fenced':
    case 'stale':
    case 'reaped':
      reader.alive = false;
  }
}

function sameAt(left: At, right: At): boolean {
  return Object.keys(left).every((key) => left[key] === right[key]);
}

function* reaper(world: World): Program {
  const reaped = yield* call('reap', {});
  note(world, 'reap', reaped.length === 0 ? 'nothing' : 'files');
  for (const path of reaped) {
    yield pause;
    world.files.delete(path);
  }
}

function* discarder(world: World): Program {
  const { choices } = world;
  if (!choices.oneIn(3)) return void (yield pause);
  const { generations } = yield* call('live', {});
  const sequence = choices.of(generations.flatMap(({ sequences }) => sequences));
  if (sequence === undefined) return;
  yield pause;
  const input = { sequenceId: sequence.sequenceId, why: 'failure' };
  note(world, 'discard', yield* call('discard', input));
  if (choices.oneIn(4)) yield* call('discard', input);
}

function* replacer(world: World): Program {
  const { choices } = world;
  if (!choices.oneIn(3)) return void (yield pause);
  const { generations } = yield* call('live', {});
  const task = choices.of(generations.flatMap(({ tasks }) => tasks));
  if (task === undefined) return;
  yield pause;
  if (choices.oneIn(3)) yield* call('finishTask', { taskId: task.taskId, state: 'FAILED' });
  const letters = world.letters();
  yield* call('replaceTask', { taskId: task.taskId, letters });
  if (choices.oneIn(4)) yield* call('replaceTask', { taskId: task.taskId, letters: world.letters() });
}

function* resetter(world: World): Program {
  const { choices } = world;
  if (!choices.oneIn(10)) return void (yield pause);
  const resetId = `${world.prefix}-${world.id()}`;
  const position = () => String(choices.below(60));
  const partition = partitions[choices.below(2)] ?? '0';
  switch (choices.below(4)) {
    case 0:
      note(world, 'reset', 'full');
      return void (yield* call('fullReset', { resetId, positions: { [partition]: position() } }));
    case 1:
      note(world, 'reset', 'stop');
      return void (yield* call('forcedStop', { resetId }));
    default: {
      note(world, 'reset', 'partial');
      const input = { resetId, positions: { [partition]: choices.oneIn(3) ? null : position() } };
      yield* call('partialReset', input);
      if (choices.oneIn(4)) yield* call('partialReset', input);
    }
  }
}

/** No more faults: everything that is still on its way must get home. */
export function* drain(world: World): Program {
  for (let round = 0; round < 12; round++) {
    const { generations } = yield* call('live', {});
    if (generations.length === 0) return;
    for (const generation of generations) {
      yield* endAll(world, generation);
      yield* bringHome(world, generation);
    }
  }
  const { generations } = yield* call('live', {});
  assert(generations.length === 0, `${generations.length} generations never get published`);
}

function* endAll(world: World, { groupId, generation, sequences }: LiveGeneration): Program {
  const open = sequences.find(({ state }) => state === 'open');
  if (open === undefined) return;
  const key = { groupId, generation, ordinal: open.ordinal };
  const asked = yield* call('requestPause', { ...key, leaseMs: 3_600_000 });
  if (asked.kind === 'requested')
    note(world, 'end', yield* call('endSequence', { ...key, requestNo: asked.requestNo, final: true }));
}

/** An attempt without faults: from the checkpoint or the start to the ends of every sequence, published in order. */
function* bringHome(world: World, generation: LiveGeneration): Program {
  const last = generation.tasks.at(-1);
  assert(last !== undefined, 'a generation has tasks');
  const taskId =
    last.state === 'RUNNING'
      ? last.taskId
      : yield* call('replaceTask', { taskId: last.taskId, letters: world.letters() });
  const reader = yield* takeOver(world, generation, taskId, world.id());
  if (reader === null) return;
  yield* look(reader);
  for (let turn = 0; turn < 400 && reader.alive; turn++) {
    const sequence = reader.held.find(({ gone }) => !gone);
    if (sequence === undefined) return;
    if (isComplete(sequence)) {
      const before = reader.world.seen.get('commit ahead');
      yield* publishOne(reader, false);
      if (reader.world.seen.get('commit ahead') !== before) return;
    } else {
      for (const [partition, end] of Object.entries(sequence.ends ?? {})) {
        const from = sequence.at[partition] ?? 0n;
        if (from === BigInt(end)) continue;
        sequence.at[partition] = BigInt(end);
        sequence.rows.push({
          partition,
          incarnation: sequence.incarnations[partition] ?? '',
          from,
          to: BigInt(end),
        });
      }
    }
  }
}

function note(
  world: World,
  what: string,
  answer: { kind: string; reason?: string; by?: string } | string,
): void {
  const name =
    typeof answer === 'string' ? answer : [answer.kind, answer.reason, answer.by].filter(Boolean).join(' ');
  const key = `${what} ${name}`;
  world.seen.set(key, (world.seen.get(key) ?? 0) + 1);
}
