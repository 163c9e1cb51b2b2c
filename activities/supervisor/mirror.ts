/**
 * Shows published positions as the offsets of a consumer group, so that Kafka's tools show lag (`mirrorConsumerGroup`).
 *
 * A mirror and nothing else: nothing is read from the group, and what goes wrong is told and never in the way of anything.
 * Only what moved is committed, at most every 5 s; who looks sees the next position to read of what is published.
 */
import type { Position } from '../../domain/positions.ts';
import type { SupervisorSpec } from '../../domain/spec/spec.ts';
import { tellStory } from '../../storage/stories.ts';
import type { NewStoryLine } from '../../storage/stories.ts';
import type { GroupOffsets } from '../../streams/kafka/group-offsets.ts';
import type { ControlDeps } from '../control-deps.ts';

const leastPauseMs = 5_000;

type Mirror = {
  /** What the connection and the group come from. */
  readonly key: string;
  readonly offsets: GroupOffsets;
  readonly committed: Map<string, Position>;
};

export class MirrorCommits {
  readonly #deps: Pick<ControlDeps, 'openGroupOffsets' | 'pool' | 'log' | 'now'>;
  #mirror: Mirror | null = null;
  #attemptedMs = -Infinity;
  #problem: string | null = null;

  constructor(deps: Pick<ControlDeps, 'openGroupOffsets' | 'pool' | 'log' | 'now'>) {
    this.#deps = deps;
  }

  /** Why the last commit did not work, as a warning; null: it did, or none is wanted. */
  get problem(): string | null {
    return this.#problem;
  }

  /** `positions`: next to read of what is published, by partition. Never throws; takes some seconds at most. */
  async commit(spec: SupervisorSpec, positions: ReadonlyMap<string, Position>): Promise<void> {
    const group = spec.io.mirrorConsumerGroup;
    if (group === null) return this.close();
    try {
      await this.#commit(spec, group, positions);
    } catch (error) {
      // A bug of ours, or a secret that is not there: positions are safe all the same.
      await this.#failed(spec.id, group, String(error));
    }
  }

  close(): void {
    this.#mirror?.offsets.close();
    this.#mirror = null;
    this.#problem = null;
  }

  async #commit(
    spec: SupervisorSpec,
    group: string,
    positions: ReadonlyMap<string, Position>,
  ): Promise<void> {
    const nowMs = this.#deps.now();
    if (nowMs - this.#attemptedMs < leastPauseMs) return;
    const mirror = this.#mirrorOf(spec, group);
    const moved = [...positions].filter(
      ([partition, position]) => mirror.committed.get(partition) !== position,
    );
    if (moved.length === 0) return;
    this.#attemptedMs = nowMs;
    const outcome = await mirror.offsets.commit(
      group,
      new Map(moved.map(([partition, position]) => [partition, BigInt(position)])),
    );
    if (outcome.kind === 'failed') return this.#failed(spec.id, group, outcome.why);
    for (const [partition, position] of moved) mirror.committed.set(partition, position);
    await this.#worked(spec.id, group);
  }

  /** One connection as long as the spec says the same. */
  #mirrorOf(spec: SupervisorSpec, group: string): Mirror {
    const { topic, isPattern, bootstrapServers, consumerProperties } = spec.io;
    const key = JSON.stringify([group, topic, isPattern, bootstrapServers, consumerProperties]);
    if (this.#mirror?.key === key) return this.#mirror;
    this.close();
    this.#mirror = { key, offsets: this.#deps.openGroupOffsets(spec), committed: new Map() };
    return this.#mirror;
  }

  async #failed(supervisorId: string, group: string, why: string): Promise<void> {
    if (this.#problem === why) return;
    this.#problem = why;
    const text = `Published positions are not mirrored to consumer group ${group}: ${why}. Reading and publishing go on.`;
    this.#deps.log('warn', text, { supervisorId });
    // A new watch comes every quarter of an hour at least: the same trouble is told once a day.
    const day = new Date(this.#deps.now()).toISOString().slice(0, 10);
    const key = `mirror ${supervisorId} ${day} ${why}`.slice(0, 500);
    await this.#tell({ supervisorId, kind: 'trouble', text, details: { group }, key });
  }

  async #worked(supervisorId: string, group: string): Promise<void> {
    if (this.#problem === null) return;
    this.#problem = null;
    const text = `Published positions are mirrored to consumer group ${group} again.`;
    await this.#tell({ supervisorId, kind: 'troubleOver', text, details: { group } });
  }

  async #tell(line: NewStoryLine): Promise<void> {
    await tellStory(this.#deps.pool, line).catch((error: unknown) =>
      this.#deps.log('warn', 'a story was not told', {
        supervisorId: line.supervisorId,
        error: String(error),
      }),
    );
  }
}
