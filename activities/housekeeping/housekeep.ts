/**
 * The rounds of housekeeping, in one long activity: nothing of them is in a history. Each chore fails alone; the
 * heartbeat stops when a round hangs, and another worker begins anew.
 */
import { Context } from '@temporalio/activity';
import { heartbeating, longPollBeatMs } from '../attend.ts';
import { Bell } from '../bell.ts';
import type { ControlDeps } from '../control-deps.ts';
import { pruneStories } from '../../storage/stories.ts';
import type { HousekeepingInput } from '../../workflows/contract.ts';
import { checkAll } from './check-invariants.ts';
import { reap } from './reap.ts';
import { restartSupervisors } from './restart-supervisors.ts';
import type { HousekeepingResult } from './contract.ts';

/** Then the workflow calls again; six events of history each time. */
const lastsMs = 30 * 60_000;
const hangMs = 5 * 60_000;
/** Of each supervisor: weeks of a quiet one, a day of one that is scaled and reset all the time. */
const storyLinesKept = 2_000;

type Chore = { readonly everyMs: number; readonly name: string; readonly run: () => Promise<void> };

export async function housekeep(deps: ControlDeps, input: HousekeepingInput): Promise<HousekeepingResult> {
  return heartbeating((progress) => rounds(deps, input, progress), { hangMs, everyMs: longPollBeatMs });
}

async function rounds(
  deps: ControlDeps,
  input: HousekeepingInput,
  progress: () => void,
): Promise<HousekeepingResult> {
  const { cancellationSignal } = Context.current();
  const totals = { rounds: 0, restarted: 0, reaped: 0, violations: [] as string[] };
  const chores: Chore[] = [
    {
      name: 'restart',
      everyMs: input.supervisorsEveryMs,
      run: async () => void (totals.restarted += await restartSupervisors(deps, progress)),
    },
    {
      name: 'reap',
      everyMs: input.reaperEveryMs,
      run: async () => void (totals.reaped += await reap(deps, totals.rounds, progress)),
    },
    {
      name: 'invariants',
      everyMs: input.invariantsEveryMs,
      run: async () => void (totals.violations = await checkAll(deps, totals.rounds === 0)),
    },
    {
      name: 'stories',
      everyMs: input.invariantsEveryMs,
      run: async () => void (await pruneStories(deps.pool, storyLinesKept)),
    },
  ];
  const due = new Map(chores.map((chore) => [chore.name, 0]));
  const until = deps.now() + lastsMs;
  const silence = new Bell();
  while (deps.now() < until) {
    progress();
    for (const chore of chores) await runIfDue(deps, chore, due);
    totals.rounds += 1;
    const nextDue = Math.min(...due.values());
    await silence.wait(silence.rings, Math.max(50, nextDue - deps.now()), cancellationSignal);
  }
  return totals;
}

async function runIfDue(deps: ControlDeps, chore: Chore, due: Map<string, number>): Promise<void> {
  if (deps.now() < (due.get(chore.name) ?? 0)) return;
  try {
    await chore.run();
  } catch (error) {
    deps.log('warn', `housekeeping: ${chore.name} failed, tried again later`, { error: String(error) });
  }
  due.set(chore.name, deps.now() + chore.everyMs);
}
