/** When a round of persisting begins. What a round does is tested on the real servers (task-runner.pg, druid-task.pg). */
import { expect, it } from 'vitest';
import type { Attempt } from '../../../activities/ingest/attempt.ts';
import { Checkpointer } from '../../../activities/ingest/checkpointer.ts';
import { waitFor } from '../../support/wait-for.ts';

it('begins another round at once when memory has filled again during one, though nobody asks a second time', async () => {
  const end = new AbortController();
  const rounds: (() => void)[] = [];
  const attempt = {
    input: {},
    report: { wantsSpill: false, positions: {} },
    held: { spec: { tuning: { intermediatePersistPeriodMs: 600_000 } } },
    deps: { failpoints: { pass: () => undefined } },
    channel: { spill: () => new Promise((resolve) => rounds.push(() => resolve([]))) },
    book: { find: () => undefined },
    meter: { mark: () => undefined },
    office: null,
    signal: end.signal,
  };
  const checkpointer = new Checkpointer(attempt as unknown as Attempt, () => undefined);
  const running = checkpointer.run();
  checkpointer.want();
  await waitFor(() => rounds.length === 1, { what: 'the first round' });
  attempt.report.wantsSpill = true;
  checkpointer.want();
  rounds[0]!();
  await waitFor(() => rounds.length === 2, { what: 'the second round', timeoutMs: 5_000 });
  // Sealed: there is room again, and no third round.
  attempt.report.wantsSpill = false;
  rounds[1]!();
  await waitFor(() => !checkpointer.isRunning, { what: 'the end of the second round' });
  end.abort();
  await running;
  expect(rounds).toHaveLength(2);
});
