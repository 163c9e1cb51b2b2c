/**
 * The autoscaler of one supervisor inside `watch`: asks the pure rules when a sample or a decision is due, keeps what they
 * remember in Postgres, and tells the story of what was skipped. It decides nothing and scales nothing by itself.
 *
 * It never fails a look: while Postgres is away there are no samples, and the window forgets what is too old.
 */
import { disabled, earlyMs, look, nextLookAtMs } from '../../domain/autoscaler/look.ts';
import { freshState, readState } from '../../domain/autoscaler/autoscaler-state.ts';
import type { AutoscalerState } from '../../domain/autoscaler/autoscaler-state.ts';
import type { AutoscalerFacts, Decision, TaskMetrics } from '../../domain/autoscaler/facts.ts';
import { partitionLagsOf } from '../../domain/autoscaler/partition-lags.ts';
import { noteSkip } from '../../domain/autoscaler/skips.ts';
import { taskMetricsOf } from '../../domain/autoscaler/task-metrics.ts';
import type { Json } from '../../domain/json.ts';
import type { AutoScalerConfig, SupervisorSpec } from '../../domain/spec/spec.ts';
import type { Facts } from '../../domain/supervisor/facts.ts';
import type { Seen } from '../../domain/supervisor/observation.ts';
import { readAutoscaler, readTaskRates, writeAutoscaler } from '../../storage/autoscalers.ts';
import { tellStory } from '../../storage/stories.ts';
import type { ControlDeps } from '../control-deps.ts';

/** After a look that could not be remembered: the next one must not come at once. */
const againMs = 5_000;

export type AutoscalerLook = {
  readonly observation: Seen;
  readonly facts: Facts;
  /** Of the newest version. */
  readonly spec: SupervisorSpec;
  readonly nowMs: number;
  /** The supervisor's state is IDLE. */
  readonly idle?: boolean;
  /** Groups have just stopped because of taskDuration. */
  readonly rollover?: boolean;
};

/** What `scaleSupervisor` needs, beside the supervisor's id. */
export type ScaleWish = {
  readonly taskCount: number;
  readonly from: number;
  readonly specVersion: number;
  readonly why: string;
};

export class AutoscalerEye {
  readonly #deps: ControlDeps;
  readonly #supervisorId: string;
  /** As last read or written; another process may have changed it since, so it only says when to look again. */
  #known: AutoscalerState = freshState;
  #nextAtMs: number | null = null;
  /** After a look that failed. */
  #notBeforeMs = 0;

  private constructor(deps: ControlDeps, supervisorId: string) {
    this.#deps = deps;
    this.#supervisorId = supervisorId;
  }

  static async open(deps: ControlDeps, supervisorId: string): Promise<AutoscalerEye> {
    const eye = new AutoscalerEye(deps, supervisorId);
    await eye.#safely(0, async () => {
      eye.#known = readState(await readAutoscaler(deps.pool, supervisorId));
    });
    return eye;
  }

  /** What the plan should do; null: nothing. */
  async look(input: AutoscalerLook): Promise<ScaleWish | null> {
    const config = input.spec.io.autoScaler;
    if (input.observation.desired === 'terminated') return this.#rest();
    if (config === null) return this.#disable(input.nowMs);
    // Nothing is sampled while nothing may be read.
    if (input.observation.desired === 'suspended' || input.observation.halted !== null) return this.#rest();
    if (!this.#isDue(config, input)) return null;
    return (await this.#safely(input.nowMs, () => this.#lookNow(config, input))) ?? null;
  }

  /** When the next look should come at the latest; null: it does not matter. */
  nextAtMs(nowMs: number): number | null {
    return this.#nextAtMs === null ? null : Math.max(nowMs, this.#nextAtMs, this.#notBeforeMs);
  }

  #pause(nowMs: number): void {
    this.#notBeforeMs = nowMs + againMs;
    this.#nextAtMs = this.#notBeforeMs;
  }

  #rest(): null {
    this.#nextAtMs = null;
    return null;
  }

  async #disable(nowMs: number): Promise<null> {
    this.#rest();
    if (this.#known.config !== null)
      await this.#safely(nowMs, async () => {
        const stored = await readAutoscaler(this.#deps.pool, this.#supervisorId);
        await this.#write(stored, disabled(readState(stored)));
        this.#rest();
      });
    return null;
  }

  #isDue(config: AutoScalerConfig, { nowMs, rollover }: AutoscalerLook): boolean {
    const isTurn = config.strategy === 'costBased' && (rollover ?? false) !== this.#known.atRollover;
    if (nowMs < this.#notBeforeMs) return false;
    return isTurn || nowMs >= nextLookAtMs(this.#known, config) - earlyMs;
  }

  async #lookNow(config: AutoScalerConfig, input: AutoscalerLook): Promise<ScaleWish | null> {
    const { nowMs } = input;
    const stored = await readAutoscaler(this.#deps.pool, this.#supervisorId);
    const before = readState(stored);
    const facts = await this.#factsOf(config, input);
    const looked = look(before, config, facts);
    const { state, isNews } = noteSkip(looked.state, looked.decision, nowMs);
    if (!(await this.#write(stored, state))) {
      this.#pause(nowMs);
      return null;
    }
    this.#nextAtMs = nextLookAtMs(state, config);
    if (isNews) await this.#tell(looked.decision, facts);
    if (looked.decision.kind !== 'scale') return null;
    const { taskCount, because } = looked.decision;
    return { taskCount, from: facts.taskCount, specVersion: input.observation.version, why: because };
  }

  async #factsOf(config: AutoScalerConfig, input: AutoscalerLook): Promise<AutoscalerFacts> {
    const { observation, facts, spec, nowMs, idle, rollover } = input;
    const generations = observation.groups.flatMap((group) => group.live);
    return {
      nowMs,
      taskCount: spec.io.taskCount,
      ...partitionLagsOf(facts),
      suspended: false,
      idle: idle ?? false,
      publishingGroups: generations.filter(({ phase }) => phase === 'publishing').length,
      rollover: rollover ?? false,
      metrics: config.strategy === 'costBased' ? await this.#metrics(spec) : null,
    };
  }

  async #metrics(spec: SupervisorSpec): Promise<TaskMetrics> {
    const rows = await readTaskRates(this.#deps.pool, this.#supervisorId);
    return taskMetricsOf(
      rows.map(({ rates }) => rates),
      spec.io.taskDurationMs,
    );
  }

  /** False: a scaling or a reset changed it meanwhile, and this look does not count. */
  async #write(stored: Json | null, state: AutoscalerState): Promise<boolean> {
    const isWritten = await writeAutoscaler(this.#deps.pool, this.#supervisorId, { expected: stored, state });
    if (isWritten) this.#known = state;
    return isWritten;
  }

  async #tell(decision: Decision, { taskCount }: AutoscalerFacts): Promise<void> {
    if (decision.kind !== 'skip') return;
    const { code, desired, reason } = decision;
    await tellStory(this.#deps.pool, {
      supervisorId: this.#supervisorId,
      kind: 'scaleSkipped',
      text: `not scaled, it stays ${taskCount}: ${reason}`,
      details: { code, desired, taskCount },
    });
  }

  /** Undefined: it failed, which is logged. */
  async #safely<T>(nowMs: number, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#pause(nowMs);
      const supervisorId = this.#supervisorId;
      this.#deps.log('warn', 'the autoscaler could not look', { supervisorId, error: String(error) });
      return undefined;
    }
  }
}
