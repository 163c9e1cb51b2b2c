/** A story line from a control activity. A story that cannot be told never fails the work it is about. */
import { messageOf } from '../domain/errors.ts';
import { tellStory } from '../storage/stories.ts';
import type { NewStoryLine } from '../storage/stories.ts';
import type { ControlDeps } from './control-deps.ts';

export async function tell(deps: Pick<ControlDeps, 'pool' | 'log'>, line: NewStoryLine): Promise<void> {
  try {
    await tellStory(deps.pool, line);
  } catch (error) {
    deps.log('warn', `not in the story of ${line.supervisorId}: ${line.text}: ${messageOf(error)}`);
  }
}
