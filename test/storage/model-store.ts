/**
 * The protocol in memory, one supervisor, one stream: what the SQL functions must answer, written from protocol.md.
 *
 * Every call is atomic, as an autocommit call of Postgres is. Guards and backstops can be taken out (`without`), to show
 * that the ledger notices.
 */
import { assert } from '../../domain/assert.ts';
import type {
  Answer,
  At,
  Checkpoint,
  Input,
  Lease,
  LiveGeneration,
  LiveSequence,
  SyncStore,
} from './safety-store.ts';

export type Removable =
  | 'positions' // the compare-and-swap of the commit: AHEAD and STALE
  | 'predecessors' // AHEAD while a predecessor is on its way, also one that read nothing
  | 'overlap' // the backstop on ranges
  | 'intents' // the count of the commit's intents
  | 'ends'
  | 'lease'
  | 'term'
  | 'already'
  | 'discarded'
  | 'cascade'
  | 'reset-discards'
  | 'protection'
  | 'adopt-files'
  | 'reap-dead';

type SequencePartition = {
  start: bigint;
  end: bigint | null;
  incarnation: bigint;
  predecessor: Sequence | null;
};

type Sequence = {
  readonly id: string;
  readonly number: number;
  readonly generation: Generation;
  readonly ordinal: number;
  readonly term: bigint;
  state: LiveSequence['state'];
  final: boolean;
  why: string;
  readonly parts: Map<string, SequencePartition>;
};

type Task = {
  readonly id: string;
  readonly replica: number;
  readonly generation: Generation;
  readonly replaces: string | null;
  state: 'RUNNING' | 'SUCCESS' | 'FAILED';
  epoch: bigint;
  token: string;
  activityRun: string | null;
  attempt: number;
  progress: { epoch: bigint; positions: At } | null;
};

type Generation = {
  readonly groupId: number;
  readonly number: number;
  readonly base: string;
  readonly partitions: readonly string[];
  readonly term: bigint;
  readonly sequences: Sequence[];
  readonly tasks: Task[];
  readonly control: {
    requestNo: number;
    state: 'run' | 'pause';
    ordinal: number | null;
    leaseRunsOut: boolean;
    readonly answers: Map<string, At>;
  };
};

type Intent = {
  task: Task;
  epoch: bigint;
  kind: 'publish' | 'checkpoint';
  state: 'pending' | 'published' | 'reaped';
};

type StoredCheckpoint = Checkpoint & { readonly number: number; readonly task: Task };

export type Range = { partition: string; incarnation: bigint; start: bigint; end: bigint };
export type Publish = {
  readonly id: string;
  readonly sequenceId: string;
  readonly ranges: readonly Range[];
  readonly paths: readonly string[];
};
export type Incarnation = { partition: string; number: bigint; start: bigint | null; closed: bigint | null };

export class ModelStore implements SyncStore {
  readonly partitions = new Map<string, { incarnation: bigint; next: bigint | null }>();
  readonly incarnations: Incarnation[] = [];
  readonly gaps: { partition: string; incarnation: bigint; start: bigint; end: bigint }[] = [];
  readonly intents = new Map<string, Intent>();
  readonly publishes: Publish[] = [];
  readonly #supervisorId: string;
  readonly #without: ReadonlySet<Removable>;
  readonly #generations: Generation[] = [];
  readonly #sequences = new Map<string, Sequence>();
  readonly #tasks = new Map<string, Task>();
  readonly #resets = new Map<string, { sequenceIds: readonly string[]; jumps: readonly string[] }>();
  #checkpoints: StoredCheckpoint[] = [];
  #term = 1n;
  #commitSeq = 0n;
  #counter = 0;

  constructor(supervisorId: string, without: readonly Removable[] = []) {
    this.#supervisorId = supervisorId;
    this.#without = new Set(without);
  }

  has(guard: Removable): boolean {
    return !this.#without.has(guard);
  }

  seed(input: Input<'seed'>): Answer<'seed'> {
    const seeded: string[] = [];
    for (const [partition, position] of Object.entries(input.positions)) {
      let state = this.partitions.get(partition);
      if (state === undefined) {
        state = { incarnation: 1n, next: null };
        this.partitions.set(partition, state);
        this.incarnations.push({ partition, number: 1n, start: null, closed: null });
      }
      if (state.next !== null) continue;
      state.next = BigInt(position);
      this.#current(partition).start = state.next;
      this.#noteJump(partition, state.next);
      seeded.push(partition);
    }
    return seeded;
  }

  #current(partition: string): Incarnation {
    const found = this.incarnations.findLast((row) => row.partition === partition);
    assert(found !== undefined, `partition ${partition} has an incarnation`);
    return found;
  }

  #noteJump(partition: string, start: bigint): string | null {
    const current = this.#current(partition);
    const before = this.incarnations.findLast(
      (row) => row.partition === partition && row !== current && row.closed !== null,
    );
    if (before === undefined || before.closed === null || before.closed === start) return null;
    if (before.closed > start) return `${partition} readAgain ${start} ${before.closed}`;
    this.gaps.push({ partition, incarnation: before.number, start: before.closed, end: start });
    return `${partition} skipped ${before.closed} ${start}`;
  }

  live(): Answer<'live'> {
    const newest: Record<string, string> = {};
    for (const generation of this.#generations) newest[generation.groupId] = String(generation.number);
    return {
      generations: this.#generations
        .filter((generation) => generation.sequences.some(isLive))
        .sort((a, b) => a.groupId - b.groupId || a.number - b.number)
        .map(liveGenerationOf),
      newest,
      unseeded: [...this.partitions].flatMap(([partition, state]) =>
        state.next === null ? [partition] : [],
      ),
    };
  }

  createGeneration(input: Input<'createGeneration'>): Answer<'createGeneration'> {
    const ofGroup = this.#generations.filter((generation) => generation.groupId === input.groupId);
    const newest = ofGroup.at(-1);
    const first = newest?.sequences[0];
    if (newest?.number === input.expectedGeneration + 1 && first !== undefined) {
      if (first.state !== 'discarded' && sameTexts(newest.partitions, input.partitions))
        return { kind: 'existing', sequenceId: first.id, starts: startsOf(first) };
    }
    if ((newest?.number ?? 0) !== input.expectedGeneration)
      return { kind: 'refused', reason: 'STALE_EXPECTATION' };
    if (input.partitions.some((partition) => (this.partitions.get(partition)?.next ?? null) === null))
      return { kind: 'refused', reason: 'NOT_SEEDED' };
    const before = new Map(input.partitions.map((partition) => [partition, this.#newestHolder(partition)]));
    if ([...before.values()].some((sequence) => sequence?.state === 'open'))
      return { kind: 'refused', reason: 'STILL_READING' };
    const depth = (partition: string) =>
      this.#generations.filter((generation) =>
        generation.sequences.some((sequence) => isLive(sequence) && sequence.parts.has(partition)),
      ).length;
    const waiting = ofGroup.filter((generation) => generation.sequences.some(isLive)).length;
    if (Math.max(waiting, ...input.partitions.map(depth)) >= 3)
      return { kind: 'refused', reason: 'TOO_MANY_UNPUBLISHED' };
    const generation = this.#newGeneration(input);
    const sequence = this.#newSequence(
      generation,
      new Map(
        input.partitions.map((partition) => {
          const predecessor = before.get(partition) ?? null;
          const state = this.partitions.get(partition);
          assert(state !== undefined && state.next !== null, 'seeded');
          const start = predecessor?.parts.get(partition)?.end ?? state.next;
          return [partition, { start, end: null, incarnation: state.incarnation, predecessor }];
        }),
      ),
    );
    return { kind: 'created', sequenceId: sequence.id, starts: startsOf(sequence) };
  }

  #newestHolder(partition: string): Sequence | null {
    return (
      [...this.#sequences.values()].findLast(
        (sequence) => isLive(sequence) && sequence.parts.has(partition),
      ) ?? null
    );
  }

  #newGeneration(input: Input<'createGeneration'>): Generation {
    const number = input.expectedGeneration + 1;
    const base = `index_kafka_${this.#supervisorId}_g${input.groupId}_${number}`;
    const generation: Generation = {
      groupId: input.groupId,
      number,
      base,
      partitions: input.partitions,
      term: this.#term,
      sequences: [],
      tasks: [],
      control: { requestNo: 0, state: 'run', ordinal: null, leaseRunsOut: false, answers: new Map() },
    };
    this.#generations.push(generation);
    input.letters.forEach((letters, replica) => this.#newTask(generation, replica, letters, null));
    return generation;
  }

  #newTask(generation: Generation, replica: number, letters: string, replaces: string | null): Task {
    const id = `${generation.base}_${letters}`;
    const task: Task = {
      id,
      replica,
      generation,
      replaces,
      state: 'RUNNING',
      epoch: 0n,
      token: this.#newToken(),
      activityRun: null,
      attempt: 0,
      progress: null,
    };
    generation.tasks.push(task);
    this.#tasks.set(id, task);
    return task;
  }

  #newToken(): string {
    return `token-${++this.#counter}`;
  }

  #newSequence(generation: Generation, parts: Map<string, SequencePartition>): Sequence {
    const ordinal = generation.sequences.length;
    const sequence: Sequence = {
      id: `${generation.base}_${ordinal}`,
      number: ++this.#counter,
      generation,
      ordinal,
      term: this.#term,
      state: 'open',
      final: false,
      why: '',
      parts,
    };
    generation.sequences.push(sequence);
    this.#sequences.set(sequence.id, sequence);
    return sequence;
  }

  acquire(input: Input<'acquire'>): Answer<'acquire'> {
    const task = this.#tasks.get(input.taskId);
    if (task === undefined) return { kind: 'refused', reason: 'UNKNOWN' };
    if (task.activityRun === input.activityRun && input.attempt < task.attempt)
      return { kind: 'refused', reason: 'LOWER_ATTEMPT' };
    if (task.state !== 'RUNNING') return { kind: 'refused', reason: 'TASK_TERMINAL' };
    const { sequences, term } = task.generation;
    if (sequences.some((sequence) => sequence.state === 'discarded') && !sequences.some(isLive))
      return { kind: 'refused', reason: 'DISCARDED' };
    if (term !== this.#term) return { kind: 'refused', reason: 'TERM' };
    task.epoch += 1n;
    task.token = this.#newToken();
    task.activityRun = input.activityRun;
    task.attempt = input.attempt;
    const first = sequences.find(isLive);
    const checkpoint = first === undefined ? null : this.#newestCheckpoint(first, task.replica);
    return {
      kind: 'acquired',
      lease: { taskId: task.id, epoch: String(task.epoch), token: task.token },
      sequences: sequences.map(liveSequenceOf),
      checkpoint:
        checkpoint === null
          ? null
          : { checkpointId: checkpoint.checkpointId, sequences: checkpoint.sequences },
    };
  }

  #newestCheckpoint(sequence: Sequence, replica: number): StoredCheckpoint | null {
    return (
      this.#checkpoints.findLast(
        (row) =>
          row.task.replica === replica && row.sequences.some((item) => item.sequenceId === sequence.id),
      ) ?? null
    );
  }

  #holder(lease: Lease): Task | null {
    const task = this.#tasks.get(lease.taskId);
    return task !== undefined && String(task.epoch) === lease.epoch && task.token === lease.token
      ? task
      : null;
  }

  progress(input: Input<'progress'>): Answer<'progress'> {
    const task = this.#holder(input.lease);
    if (task === null) return 'fenced';
    task.progress = { epoch: task.epoch, positions: input.positions };
    return 'ok';
  }

  #generationOf(input: { groupId: number; generation: number }): Generation {
    const found = this.#generations.find(
      (generation) => generation.groupId === input.groupId && generation.number === input.generation,
    );
    assert(found !== undefined, 'the generation is there');
    return found;
  }

  requestPause(input: Input<'requestPause'>): Answer<'requestPause'> {
    const { control, sequences } = this.#generationOf(input);
    const sequence = sequences[input.ordinal];
    assert(sequence !== undefined, 'the sequence is there');
    if (sequence.state === 'discarded' || sequence.term !== this.#term) return { kind: 'discarded' };
    if (sequence.state !== 'open') return { kind: 'alreadyEnded', final: sequence.final };
    if (control.state !== 'pause' || control.ordinal !== input.ordinal) {
      control.requestNo += 1;
      control.answers.clear();
    }
    control.state = 'pause';
    control.ordinal = input.ordinal;
    control.leaseRunsOut = input.leaseMs === 0;
    return { kind: 'requested', requestNo: control.requestNo };
  }

  answerPause(input: Input<'answerPause'>): Answer<'answerPause'> {
    const task = this.#holder(input.lease);
    if (task === null) return 'fenced';
    const { control } = task.generation;
    if (control.state !== 'pause' || control.requestNo !== input.requestNo) return 'superseded';
    control.answers.set(task.id, input.positions);
    return 'ok';
  }

  resumeAfterLease(input: Input<'resumeAfterLease'>): Answer<'resumeAfterLease'> {
    const task = this.#holder(input.lease);
    if (task === null) return 'superseded';
    const { control } = task.generation;
    if (control.state !== 'pause' || control.requestNo !== input.requestNo) return 'superseded';
    if (!control.leaseRunsOut) return 'superseded';
    control.requestNo += 1;
    control.state = 'run';
    return 'resumed';
  }

  endSequence(input: Input<'endSequence'>): Answer<'endSequence'> {
    const generation = this.#generationOf(input);
    const { control } = generation;
    const sequence = generation.sequences[input.ordinal];
    assert(sequence !== undefined, 'the sequence is there');
    if (sequence.state === 'ended' || sequence.state === 'published')
      return {
        kind: 'ended',
        ends: endsOf(sequence) ?? {},
        final: sequence.final,
        nextOrdinal: sequence.final ? null : sequence.ordinal + 1,
      };
    if (sequence.state === 'discarded' || sequence.term !== this.#term) return { kind: 'discarded' };
    if (
      control.state !== 'pause' ||
      control.requestNo !== input.requestNo ||
      control.ordinal !== input.ordinal
    )
      return { kind: 'superseded' };
    const said = this.#said(sequence);
    for (const [partition, part] of sequence.parts) {
      const reached = said.flatMap((at) => (at[partition] === undefined ? [] : [BigInt(at[partition])]));
      part.end = [part.start, ...reached].reduce((a, b) => (a > b ? a : b));
    }
    sequence.state = 'ended';
    sequence.final = input.final;
    if (!input.final) {
      const parts = [...sequence.parts].map(([partition, part]): [string, SequencePartition] => {
        assert(part.end !== null, 'just written');
        return [
          partition,
          { start: part.end, end: null, incarnation: part.incarnation, predecessor: sequence },
        ];
      });
      this.#newSequence(generation, new Map(parts));
    }
    control.state = 'run';
    control.ordinal = null;
    control.answers.clear();
    return {
      kind: 'ended',
      ends: endsOf(sequence) ?? {},
      final: input.final,
      nextOrdinal: input.final ? null : sequence.ordinal + 1,
    };
  }

  /** Answers of this request, progress of the epoch that holds the lease, the newest checkpoint of each replica. */
  #said(sequence: Sequence): At[] {
    const { control, tasks } = sequence.generation;
    const progress = tasks.flatMap((task) =>
      task.state === 'RUNNING' && task.progress?.epoch === task.epoch ? [task.progress.positions] : [],
    );
    const replicas = new Set(tasks.map((task) => task.replica));
    const checkpoints = [...replicas].flatMap((replica) => {
      const newest = this.#newestCheckpoint(sequence, replica);
      return newest?.sequences.filter((item) => item.sequenceId === sequence.id) ?? [];
    });
    return [...control.answers.values(), ...progress, ...checkpoints.map((item) => item.positions)];
  }

  readControl(input: Input<'readControl'>): Answer<'readControl'> {
    const { control, sequences } = this.#generationOf(input);
    return {
      requestNo: control.requestNo,
      state: control.state,
      sequences: sequences.map((sequence) => ({
        sequenceId: sequence.id,
        ordinal: sequence.ordinal,
        state: sequence.state,
        final: sequence.final,
        ends: endsOf(sequence),
      })),
    };
  }

  insertIntents(input: Input<'insertIntents'>): Answer<'insertIntents'> {
    const task = this.#holder(input.lease);
    if (task === null) return 'fenced';
    for (const path of input.paths) {
      if (!this.intents.has(path))
        this.intents.set(path, { task, epoch: task.epoch, kind: input.kind, state: 'pending' });
    }
    return 'ok';
  }

  insertCheckpoint(input: Input<'insertCheckpoint'>): Answer<'insertCheckpoint'> {
    const task = this.#holder(input.lease);
    if (task === null) return 'fenced';
    if (this.#checkpoints.some((row) => row.checkpointId === input.checkpointId)) return 'ok';
    for (const item of input.sequences) {
      for (const [partition, part] of this.#sequences.get(item.sequenceId)?.parts ?? []) {
        if (part.end !== null && BigInt(item.positions[partition] ?? 0) > part.end) return 'beyondEnd';
      }
    }
    const owned = (path: string) => {
      const intent = this.intents.get(path);
      return (
        intent?.state === 'pending' &&
        intent.kind === 'checkpoint' &&
        intent.task === task &&
        intent.epoch === task.epoch
      );
    };
    if (!this.#neededPaths(input).every(owned)) return 'violation';
    this.#checkpoints.push({
      checkpointId: input.checkpointId,
      sequences: input.sequences,
      number: ++this.#counter,
      task,
    });
    return 'ok';
  }

  /** Files of the sequences still on their way. */
  #neededPaths(checkpoint: Checkpoint): string[] {
    return checkpoint.sequences.flatMap((item) => {
      const sequence = this.#sequences.get(item.sequenceId);
      return sequence !== undefined && isLive(sequence) ? item.files : [];
    });
  }

  adopt(input: Input<'adopt'>): Answer<'adopt'> {
    const task = this.#holder(input.lease);
    const wanted = this.#checkpoints.find((row) => row.checkpointId === input.checkpointId);
    if (task === null || wanted === undefined) return 'refused';
    if (wanted.task.generation !== task.generation || wanted.task.replica !== task.replica) return 'refused';
    const outdated = wanted.sequences.some((item) => {
      const sequence = this.#sequences.get(item.sequenceId);
      return (
        sequence !== undefined &&
        isLive(sequence) &&
        this.#newestCheckpoint(sequence, task.replica) !== wanted
      );
    });
    if (outdated) return 'refused';
    const needed = this.#neededPaths(wanted);
    if (this.has('adopt-files') && needed.some((path) => this.intents.get(path)?.state !== 'pending'))
      return 'refused';
    for (const path of needed) {
      const intent = this.intents.get(path);
      if (intent?.state === 'pending') Object.assign(intent, { task, epoch: task.epoch });
    }
    return 'adopted';
  }

  commit(input: Input<'commit'>): Answer<'commit'> {
    const sequence = this.#sequences.get(input.sequenceId);
    assert(sequence !== undefined, 'the sequence is there');
    const done = this.publishes.find((publish) => publish.sequenceId === sequence.id);
    if (done !== undefined && this.has('already')) return { kind: 'already', publishId: done.id };
    if (sequence.state === 'discarded' && this.has('discarded'))
      return { kind: 'discarded', why: sequence.why };
    if (sequence.term !== this.#term && this.has('term')) return { kind: 'fenced', by: 'term' };
    const holder = this.#holder(input.lease);
    const task = holder ?? (this.has('lease') ? null : (this.#tasks.get(input.lease.taskId) ?? null));
    if (task === null || task.generation !== sequence.generation) return { kind: 'fenced', by: 'lease' };
    const ranges = input.ranges.map((range) => ({
      partition: range.partition,
      incarnation: BigInt(range.incarnation),
      start: BigInt(range.start),
      end: BigInt(range.end),
    }));
    const atEnds =
      sequence.state === 'ended' &&
      ranges.every((range) => sequence.parts.get(range.partition)?.end === range.end);
    if (!atEnds && this.has('ends')) return { kind: 'overread', ends: endsOf(sequence) ?? {} };
    const compared = this.#comparePositions(sequence, ranges);
    if (compared !== null) return { kind: compared };
    const owned = (path: string) => {
      const intent = this.intents.get(path);
      return (
        intent?.state === 'pending' && intent.task === task && String(intent.epoch) === input.lease.epoch
      );
    };
    if (this.has('intents') && !input.paths.every(owned)) return { kind: 'reaped' };
    if (this.has('overlap') && this.#overlaps(ranges)) return { kind: 'violation' };
    for (const path of input.paths) {
      const intent = this.intents.get(path);
      if (intent?.state === 'pending') intent.state = 'published';
    }
    this.publishes.push({ id: input.publishId, sequenceId: sequence.id, ranges, paths: input.paths });
    for (const range of ranges) {
      const state = this.partitions.get(range.partition);
      assert(state !== undefined, 'the partition is there');
      state.next = range.end;
    }
    sequence.state = 'published';
    this.#commitSeq += 1n;
    return { kind: 'committed', commitSeq: String(this.#commitSeq) };
  }

  #comparePositions(sequence: Sequence, ranges: readonly Range[]): 'ahead' | 'stale' | null {
    let ahead = false;
    for (const range of ranges) {
      const state = this.partitions.get(range.partition);
      const predecessor = sequence.parts.get(range.partition)?.predecessor;
      if (predecessor && isLive(predecessor) && this.has('predecessors')) ahead = true;
      if (!this.has('positions')) continue;
      if (state === undefined || state.incarnation !== range.incarnation) return 'stale';
      if (state.next === null || state.next > range.start) return 'stale';
      if (state.next < range.start) ahead = true;
    }
    return ahead ? 'ahead' : null;
  }

  #overlaps(ranges: readonly Range[]): boolean {
    return ranges.some((range) =>
      this.publishes.some((publish) =>
        publish.ranges.some(
          (other) =>
            other.partition === range.partition &&
            other.incarnation === range.incarnation &&
            other.start < range.end &&
            other.end > range.start &&
            other.start < other.end,
        ),
      ),
    );
  }

  discard(input: Input<'discard'>): Answer<'discard'> {
    const root = this.#sequences.get(input.sequenceId);
    assert(root !== undefined, 'the sequence is there');
    const done = this.publishes.find((publish) => publish.sequenceId === root.id);
    if (done !== undefined) return { kind: 'published', publishId: done.id };
    const doomed = this.#discardAll(this.#withSuccessors([root]), input.why);
    const restart: Record<string, string> = {};
    for (const sequence of doomed) {
      for (const [partition, part] of sequence.parts) {
        const known = restart[partition];
        if (known === undefined || BigInt(known) > part.start) restart[partition] = String(part.start);
      }
    }
    return { kind: 'discarded', sequenceIds: doomed.map((sequence) => sequence.id), restart };
  }

  #withSuccessors(roots: readonly Sequence[]): Sequence[] {
    const found = new Set(roots.filter((sequence) => sequence.state !== 'published'));
    if (!this.has('cascade')) return [...found];
    // A successor is created later, so one pass in the order of creation sees every chain whole.
    for (const sequence of this.#sequences.values()) {
      const follows = [...sequence.parts.values()].some(
        (part) => part.predecessor !== null && found.has(part.predecessor),
      );
      if (follows && sequence.state !== 'published') found.add(sequence);
    }
    return [...found].sort((a, b) => a.number - b.number);
  }

  #discardAll(doomed: Sequence[], why: string): Sequence[] {
    for (const sequence of doomed) {
      if (!isLive(sequence)) continue;
      sequence.state = 'discarded';
      sequence.why = why;
    }
    for (const generation of new Set(doomed.map((sequence) => sequence.generation))) {
      if (generation.sequences.some(isLive)) continue;
      for (const task of generation.tasks) this.#fence(task);
    }
    return doomed;
  }

  #fence(task: Task): void {
    task.epoch += 1n;
    task.token = this.#newToken();
  }

  finishTask(input: Input<'finishTask'>): Answer<'finishTask'> {
    const task = this.#tasks.get(input.taskId);
    assert(task !== undefined, 'the task is there');
    if (task.state !== 'RUNNING') return 'done';
    task.state = input.state;
    this.#fence(task);
    return 'done';
  }

  replaceTask(input: Input<'replaceTask'>): Answer<'replaceTask'> {
    const task = this.#tasks.get(input.taskId);
    assert(task !== undefined, 'the task is there');
    const successor = task.generation.tasks.find((other) => other.replaces === task.id);
    if (successor !== undefined) return successor.id;
    if (task.state === 'RUNNING') this.finishTask({ taskId: task.id, state: 'FAILED' });
    if (task.state === 'SUCCESS') return 'violation';
    return this.#newTask(task.generation, task.replica, input.letters, task.id).id;
  }

  #once(
    resetId: string,
    action: () => { doomed: readonly Sequence[]; jumps: readonly string[] },
  ): Answer<'partialReset'> {
    const remembered = this.#resets.get(resetId);
    if (remembered !== undefined) return remembered;
    const { doomed, jumps } = action();
    const answer = { sequenceIds: doomed.map((sequence) => sequence.id), jumps };
    this.#resets.set(resetId, answer);
    return answer;
  }

  #liveSequences(): Sequence[] {
    return [...this.#sequences.values()].filter(isLive);
  }

  #reposition(targets: readonly (readonly [string, string | null])[]): string[] {
    return [...targets]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([partition, position]) => {
        const state = this.partitions.get(partition);
        assert(state !== undefined, 'the partition is there');
        this.#current(partition).closed = state.next;
        state.incarnation += 1n;
        state.next = position === null ? null : BigInt(position);
        this.incarnations.push({ partition, number: state.incarnation, start: state.next, closed: null });
        return state.next === null ? [] : (this.#noteJump(partition, state.next) ?? []);
      });
  }

  partialReset(input: Input<'partialReset'>): Answer<'partialReset'> {
    return this.#once(input.resetId, () => {
      const targets = Object.entries(input.positions);
      const holders = this.#liveSequences().filter((sequence) =>
        targets.some(([partition]) => sequence.parts.has(partition)),
      );
      const doomed = this.has('reset-discards')
        ? this.#discardAll(this.#withSuccessors(holders), 'reset')
        : [];
      return { doomed, jumps: this.#reposition(targets) };
    });
  }

  fullReset(input: Input<'fullReset'>): Answer<'fullReset'> {
    return this.#once(input.resetId, () => {
      this.#term += 1n;
      const doomed = this.#discardAll(this.#liveSequences(), 'reset');
      const targets = [...this.partitions.keys()].map(
        (partition) => [partition, input.positions[partition] ?? null] as const,
      );
      return { doomed, jumps: this.#reposition(targets) };
    });
  }

  forcedStop(input: Input<'forcedStop'>): Answer<'forcedStop'> {
    return this.#once(input.resetId, () => {
      this.#term += 1n;
      return { doomed: this.#discardAll(this.#liveSequences(), 'forcedStop'), jumps: [] };
    });
  }

  reap(): Answer<'reap'> {
    const reaped: string[] = [];
    const kept = this.protectedPaths();
    for (const [path, intent] of this.intents) {
      if (intent.state !== 'pending' || kept.has(path)) continue;
      if (this.has('reap-dead') && !this.#isDead(intent)) continue;
      intent.state = 'reaped';
      reaped.push(path);
    }
    this.#checkpoints = this.#checkpoints.filter((row) =>
      row.sequences.some((item) => {
        const sequence = this.#sequences.get(item.sequenceId);
        return sequence !== undefined && isLive(sequence);
      }),
    );
    return reaped.sort();
  }

  #isDead(intent: Intent): boolean {
    const { task } = intent;
    return (
      task.state !== 'RUNNING' ||
      task.epoch !== intent.epoch ||
      task.generation.term !== this.#term ||
      !task.generation.sequences.some(isLive)
    );
  }

  protectedPaths(): ReadonlySet<string> {
    const paths = new Set<string>();
    if (!this.has('protection')) return paths;
    for (const sequence of this.#liveSequences()) {
      for (const replica of new Set(sequence.generation.tasks.map((task) => task.replica))) {
        for (const item of this.#newestCheckpoint(sequence, replica)?.sequences ?? [])
          if (item.sequenceId === sequence.id) for (const path of item.files) paths.add(path);
      }
    }
    return paths;
  }
}

function isLive(sequence: Sequence): boolean {
  return sequence.state === 'open' || sequence.state === 'ended';
}

function sameTexts(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((text, index) => text === right[index]);
}

function startsOf(sequence: Sequence): At {
  return Object.fromEntries([...sequence.parts].map(([partition, part]) => [partition, String(part.start)]));
}

function endsOf(sequence: Sequence): At | null {
  const ends = [...sequence.parts].flatMap(([partition, part]): [string, string][] =>
    part.end === null ? [] : [[partition, String(part.end)]],
  );
  return ends.length === sequence.parts.size ? Object.fromEntries(ends) : null;
}

function liveSequenceOf(sequence: Sequence): LiveSequence {
  return {
    sequenceId: sequence.id,
    ordinal: sequence.ordinal,
    state: sequence.state,
    final: sequence.final,
    starts: startsOf(sequence),
    ends: endsOf(sequence),
    incarnations: Object.fromEntries(
      [...sequence.parts].map(([partition, part]) => [partition, String(part.incarnation)]),
    ),
  };
}

function liveGenerationOf(generation: Generation): LiveGeneration {
  return {
    groupId: generation.groupId,
    generation: generation.number,
    partitions: generation.partitions,
    sequences: generation.sequences.map(liveSequenceOf),
    tasks: generation.tasks
      .map((task) => ({ taskId: task.id, replica: task.replica, state: task.state }))
      .sort((a, b) => a.replica - b.replica),
  };
}
