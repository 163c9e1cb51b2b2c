/** A consumer group's offsets in memory. */
import type { CommitOutcome, GroupOffsets } from '../../streams/kafka/group-offsets.ts';

export class FakeGroupOffsets implements GroupOffsets {
  readonly commits: { group: string; positions: Record<string, string> }[] = [];
  outcome: CommitOutcome = { kind: 'committed' };
  closed = 0;

  async commit(group: string, positions: ReadonlyMap<string, bigint>): Promise<CommitOutcome> {
    const texts = [...positions].map(([partition, position]) => [partition, String(position)]);
    this.commits.push({ group, positions: Object.fromEntries(texts) as Record<string, string> });
    return this.outcome;
  }

  close(): void {
    this.closed += 1;
  }
}
