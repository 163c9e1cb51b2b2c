/**
 * Runs a supervisor with another number of task groups: a new version of its spec with that taskCount written in, and the
 * memory of it (cooldown, empty window), in one transaction. Its reading groups are handed off at once.
 *
 * Safe to repeat: the same key makes one version. Only an edit of the version it was decided on: an update, a suspend or
 * another scaling that came first wins, and a terminated supervisor stays so.
 */
import { memoryOfScaling } from '../../domain/autoscaler/autoscaler-state.ts';
import { scaledWords } from '../../domain/autoscaler/describe.ts';
import { assert } from '../../domain/assert.ts';
import { setTaskCount } from '../../domain/spec/with-suspended.ts';
import { storeScaling } from '../../storage/autoscalers.ts';
import { tellStory } from '../../storage/stories.ts';
import { readSpecVersion } from '../../storage/supervisors.ts';
import type { ControlDeps } from '../control-deps.ts';
import { parseStored } from '../read-spec.ts';

export type ScaleSupervisorInput = {
  readonly supervisorId: string;
  /** The version that was looked at. */
  readonly specVersion: number;
  readonly from: number;
  readonly taskCount: number;
  /** The evidence, as a half sentence. */
  readonly why: string;
  /** `autoscaler`, or who ordered it. */
  readonly by: string;
  /** Of an order, its command id; absent: there is one scaling of a version by the autoscaler. */
  readonly key?: string;
};

/** `overtaken`: the spec is not at that version any more; nothing was done. */
export type ScaleSupervisorResult = {
  readonly kind: 'scaled' | 'overtaken' | 'terminated';
  readonly version: number;
};

export async function scaleSupervisor(
  deps: ControlDeps,
  input: ScaleSupervisorInput,
): Promise<ScaleSupervisorResult> {
  const { supervisorId, specVersion, taskCount, from, why, by } = input;
  const stored = await readSpecVersion(deps.pool, supervisorId, specVersion);
  if (!stored?.specText) return { kind: 'terminated', version: specVersion };
  const specText = setTaskCount(stored.specText, taskCount);
  const spec = parseStored(supervisorId, specVersion, specText);
  assert(
    spec.io.taskCount === taskCount,
    `supervisor ${supervisorId}: taskCount ${taskCount} was written to the spec and is read as ${spec.io.taskCount}`,
  );
  const key = input.key ?? `autoscaler/${specVersion}`;
  const outcome = await storeScaling(deps.pool, {
    supervisorId,
    expectedVersion: specVersion,
    key,
    specText,
    by,
    memory: memoryOfScaling({ atMs: deps.now(), from, to: taskCount, by, reason: why }),
  });
  if (outcome.kind === 'scaled') await tell(deps, input, { key, version: outcome.version });
  return outcome;
}

async function tell(
  deps: ControlDeps,
  { supervisorId, from, taskCount, why, by }: ScaleSupervisorInput,
  { key, version }: { readonly key: string; readonly version: number },
): Promise<void> {
  await tellStory(deps.pool, {
    supervisorId,
    kind: 'scaled',
    text: scaledWords(from, taskCount, by === 'autoscaler' ? why : `ordered by ${by}, ${why}`),
    details: { from, to: taskCount, by, why, specVersion: version },
    key: `scaled/${supervisorId}/${key}`,
  }).catch((error: unknown) =>
    deps.log('warn', 'the story of a scaling was not written', { supervisorId, error: String(error) }),
  );
}
