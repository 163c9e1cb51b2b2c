/**
 * A random operator of one supervisor: gives an order through the HTTP API, waits for its effect, notes the answer and
 * what it announces, and gives the next. It knows nothing but what the API tells.
 */
import { Announced } from './announced.ts';
import type { Range } from './announced.ts';
import type { Chance } from './chance.ts';

export type Given = {
  readonly supervisorId: string;
  readonly order: string;
  readonly status: number;
  readonly tookMs: number;
  /** What was answered, short. */
  readonly text: string;
};

type Answer = { readonly status: number; readonly text: string; readonly body: Record<string, unknown> };

const weights = {
  checkpoint: 14,
  handoff: 12,
  resetOffsets: 12,
  scale: 10,
  suspend: 9,
  shutdownTask: 8,
  updateNow: 6,
  updateNothing: 6,
  updateNext: 5,
  resetToTime: 4,
  rehearse: 4,
  terminate: 4,
  ask: 4,
  reset: 1,
} as const;
type Order = keyof typeof weights;

const reads = ['status', 'stats', 'lag', 'parseErrors', 'explain', 'history', 'health', 'commands'];
const resetDistance = 4_000;
const idOf = encodeURIComponent;

export class Operator {
  readonly announced = new Announced();
  readonly given: Given[] = [];
  readonly #api: string;
  readonly #id: string;
  readonly #chance: Chance;
  readonly #stream: { readonly topic: string; readonly partitions: number };
  #spec: SpecText;
  #suspended = false;

  constructor(options: {
    readonly api: string;
    readonly id: string;
    readonly chance: Chance;
    readonly stream: { readonly topic: string; readonly partitions: number };
    readonly spec: SpecText;
  }) {
    this.#api = options.api;
    this.#id = options.id;
    this.#chance = options.chance;
    this.#stream = options.stream;
    this.#spec = options.spec;
  }

  /** Posts the spec for the first time. */
  async begin(): Promise<void> {
    await this.#post('create', '', this.#spec);
  }

  async giveOrder(): Promise<void> {
    // A supervisor at rest tells little: it is mostly woken.
    if (this.#suspended && this.#chance.next() < 0.7) return this.resume();
    await this.#give(this.#chance.weighed(weights));
  }

  async resume(): Promise<void> {
    if (!this.#suspended) return;
    const { status } = await this.#post('resume', '/resume?wait=true');
    if (status === 200) this.#suspended = false;
  }

  async suspend(): Promise<void> {
    const { status } = await this.#post('suspend', '/suspend?wait=true');
    if (status === 200) this.#suspended = true;
  }

  async get(path: string): Promise<Answer> {
    return this.#ask('GET', `/druid/indexer/v1/supervisor/${idOf(this.#id)}/${path}`);
  }

  #give(order: Order): Promise<unknown> {
    switch (order) {
      case 'suspend':
        return this.suspend();
      case 'checkpoint':
        return this.#post(order, '/checkpoint?wait=true');
      case 'handoff':
        return this.#handOff();
      case 'scale':
        return this.#scale();
      case 'shutdownTask':
        return this.#shutDownTask();
      case 'updateNothing':
        return this.#update(order, 'ioConfig', { period: this.#chance.pick(['PT1S', 'PT2S', 'PT3S']) }, '');
      case 'updateNext':
        return this.#update(
          order,
          'tuningConfig',
          { maxRowsInMemory: this.#chance.between(2_000, 90_000) },
          '',
        );
      case 'updateNow':
        return this.#update(
          order,
          'tuningConfig',
          { maxRowsPerSegment: this.#chance.between(20_000, 900_000) },
          '?rollover=now',
        );
      case 'resetOffsets':
        return this.#resetOffsets(order, false);
      case 'rehearse':
        return this.#resetOffsets(order, true);
      case 'resetToTime':
        return this.#resetToTime();
      case 'reset':
        return this.#reset(order, '/reset?wait=true');
      case 'terminate':
        return this.#terminate();
      case 'ask':
        return this.#read();
    }
  }

  async #handOff(): Promise<void> {
    const groups = [0, 1, 2].filter(() => this.#chance.next() < 0.5);
    await this.#post('handoff', '/taskGroups/handoff?wait=true', {
      taskGroupIds: groups.length > 0 ? groups : [0],
    });
  }

  async #scale(): Promise<void> {
    const taskCount = this.#chance.between(1, 3);
    await this.#post('scale', '/scale?wait=true', { taskCount, reason: 'chance' });
  }

  async #shutDownTask(): Promise<void> {
    const { body } = await this.get('status');
    const { activeTasks } = body['payload'] as { activeTasks: { id: string }[] };
    if (activeTasks.length === 0) return;
    const path = `/druid/indexer/v1/task/${idOf(this.#chance.pick(activeTasks).id)}/shutdown`;
    this.#note('shutdownTask', Date.now(), await this.#ask('POST', path));
  }

  async #update(order: Order, section: keyof SpecText['spec'], change: object, query: string): Promise<void> {
    const { spec } = this.#spec;
    this.#spec = { ...this.#spec, spec: { ...spec, [section]: { ...spec[section], ...change } } };
    await this.#post(order, query, { ...this.#spec, suspended: this.#suspended });
  }

  async #resetOffsets(order: Order, isRehearsal: boolean): Promise<void> {
    const { body } = await this.get('lag');
    const known = (body['partitions'] as { partition: string; current: number; latest: number }[]).filter(
      ({ current, latest }) => Number.isSafeInteger(current) && Number.isSafeInteger(latest),
    );
    const chosen = known.filter(() => this.#chance.next() < 0.5);
    const partitionOffsetMap = Object.fromEntries(
      (chosen.length > 0 ? chosen : known.slice(0, 1)).map(({ partition, current, latest }) => {
        const wanted = current + this.#chance.between(-resetDistance, resetDistance);
        return [partition, Math.max(0, Math.min(latest, wanted))];
      }),
    );
    const partitions = { type: 'end', stream: this.#stream.topic, partitionOffsetMap };
    const path = `/resetOffsets?${isRehearsal ? 'dryRun' : 'wait'}=true`;
    const answer = await this.#post(order, path, { type: 'kafka', partitions });
    if (!isRehearsal) this.#announce(answer);
  }

  async #resetToTime(): Promise<void> {
    const partitions = [String(this.#chance.below(this.#stream.partitions))];
    const timestamp = new Date(Date.now() - this.#chance.between(0, 20_000)).toISOString();
    this.#announce(
      await this.#post('resetToTime', '/resetOffsets?wait=true', {
        type: 'timestamp',
        timestamp,
        partitions,
      }),
    );
  }

  async #reset(order: Order, path: string): Promise<void> {
    this.#announce(await this.#post(order, path));
  }

  async #terminate(): Promise<void> {
    const { status } = await this.#post(
      'terminate',
      `/terminate${this.#chance.next() < 0.5 ? '?wait=true' : ''}`,
    );
    if (status !== 200) return;
    await this.#post('create', '', this.#spec);
    this.#suspended = false;
  }

  async #read(): Promise<void> {
    const started = Date.now();
    const path = this.#chance.pick(reads);
    this.#note(`GET ${path}`, started, await this.get(path));
  }

  #announce({ status, body }: Answer): void {
    if (status !== 200) return;
    const outcome = body['outcome'] as {
      positions: Record<string, string | number>;
      skipped: RawRange[];
      readAgain: RawRange[];
    };
    this.announced.reset({
      positions: Object.fromEntries(
        Object.entries(outcome.positions).map(([partition, position]) => [partition, BigInt(position)]),
      ),
      skipped: outcome.skipped.map(rangeOf),
      readAgain: outcome.readAgain.map(rangeOf),
    });
  }

  async #post(order: string, path: string, body?: unknown): Promise<Answer> {
    const started = Date.now();
    const base = '/druid/indexer/v1/supervisor';
    const isSpec = path === '' || path.startsWith('?');
    const url = isSpec ? `${base}${path}` : `${base}/${idOf(this.#id)}${path}`;
    const answer = await this.#ask('POST', url, body);
    this.#note(order, started, answer);
    return answer;
  }

  async #ask(method: string, path: string, body?: unknown): Promise<Answer> {
    try {
      const response = await fetch(this.#api + path, {
        method,
        signal: AbortSignal.timeout(150_000),
        ...(body === undefined
          ? {}
          : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const text = await response.text();
      return { status: response.status, text, body: parsed(text) };
    } catch (error) {
      return { status: 0, text: `no answer: ${String(error)}`, body: {} };
    }
  }

  #note(order: string, started: number, { status, text, body }: Answer): void {
    const outcome = body['outcome'] as { summary?: string } | undefined;
    const short = String(outcome?.summary ?? body['error'] ?? (status === 200 ? '' : text)).slice(0, 300);
    this.given.push({ supervisorId: this.#id, order, status, tookMs: Date.now() - started, text: short });
  }
}

export type SpecText = {
  readonly type: string;
  readonly id: string;
  readonly spec: {
    readonly dataSchema: object;
    readonly ioConfig: object;
    readonly tuningConfig: object;
  };
};

type RawRange = { readonly partition: string; readonly from: string | number; readonly to: string | number };

function rangeOf({ partition, from, to }: RawRange): Range {
  return { partition, from: BigInt(from), to: BigInt(to) };
}

function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
