/**
 * Tells the story of what `watch` sees: changes of state, and troubles from their first look to their end. Two of them may
 * look at the same moment (one is being replaced): each line follows from the one before it and is told once.
 *
 * A line that cannot be written is a warning and no more.
 */
import type { Observation, Trouble } from '../../domain/supervisor/observation.ts';
import type { SupervisorStatus } from '../../domain/supervisor/status.ts';
import type { StoryLine } from '../../domain/supervisor/story.ts';
import { readStory, tellStory } from '../../storage/stories.ts';
import type { NewStoryLine } from '../../storage/stories.ts';
import type { ControlDeps } from '../control-deps.ts';

/** Enough to find the newest state and every trouble that may still last. */
const linesRead = 100;
const kinds = ['state', 'trouble', 'troubleOver'] as const;

export class Chronicle {
  readonly #deps: ControlDeps;
  readonly #supervisorId: string;
  /** The newest line of the state, and of each trouble; read again after every line of ours. */
  #state: StoryLine | null = null;
  readonly #troubles = new Map<string, StoryLine>();
  #isRead = false;

  constructor(deps: ControlDeps, supervisorId: string) {
    this.#deps = deps;
    this.#supervisorId = supervisorId;
  }

  async noteStatus({ detailedState, reason, remedy }: SupervisorStatus): Promise<void> {
    await this.#safely(async () => {
      const from = this.#state === null ? null : String(this.#state.details['to']);
      // Before the first look it says PENDING in every life of a workflow: no news.
      if (from === detailedState || detailedState === 'PENDING') return;
      await this.#tell('state', this.#state, {
        kind: 'state',
        text: `${from === null ? '' : `${from} → `}${detailedState}: ${reason}`,
        details: { from, to: detailedState, remedy },
      });
    });
  }

  async noteTroubles(observation: Observation): Promise<void> {
    if (observation.kind !== 'seen' || observation.stream.kind !== 'ok') return;
    await this.#safely(async () => {
      const seen = new Map(observation.troubles.map((trouble) => [keyOf(trouble), trouble]));
      for (const [key, trouble] of seen) if (!this.#lasts(key)) await this.#begin(key, trouble);
      for (const [key, line] of [...this.#troubles])
        if (!seen.has(key) && this.#lasts(key)) await this.#finish(key, line);
    });
  }

  #lasts(key: string): boolean {
    return this.#troubles.get(key)?.kind === 'trouble';
  }

  #begin(key: string, trouble: Trouble): Promise<void> {
    const { code, groupId, message, remedy } = trouble;
    return this.#tell(key, this.#troubles.get(key) ?? null, {
      kind: 'trouble',
      text: message,
      ...(groupId === null ? {} : { groupId }),
      details: { code, remedy, key, ...placeOf(message) },
    });
  }

  #finish(key: string, begun: StoryLine): Promise<void> {
    return this.#tell(key, begun, {
      kind: 'troubleOver',
      text: `no longer so: ${begun.text}`,
      ...(begun.groupId === null ? {} : { groupId: begun.groupId }),
      details: { key, ...placeOf(begun.text) },
    });
  }

  async #tell(
    what: string,
    after: StoryLine | null,
    line: Omit<NewStoryLine, 'supervisorId'>,
  ): Promise<void> {
    const key = `${this.#supervisorId} ${what} after ${after?.eventId ?? 'nothing'}`;
    await tellStory(this.#deps.pool, { supervisorId: this.#supervisorId, ...line, key });
    this.#isRead = false;
  }

  async #safely(tell: () => Promise<void>): Promise<void> {
    try {
      if (!this.#isRead) await this.#read();
      await tell();
    } catch (error) {
      this.#deps.log('warn', 'a line of the story was not written', {
        supervisorId: this.#supervisorId,
        error: String(error),
      });
    }
  }

  async #read(): Promise<void> {
    const lines = await readStory(this.#deps.pool, this.#supervisorId, { limit: linesRead, kinds });
    this.#state = lines.find((line) => line.kind === 'state') ?? null;
    this.#troubles.clear();
    for (const line of lines) {
      const { key } = line.details;
      // Others tell troubles too: those without a key of ours are theirs to end.
      if (typeof key === 'string' && !this.#troubles.has(key)) this.#troubles.set(key, line);
    }
    this.#isRead = true;
  }
}

/** Offsets in the message move on while the trouble lasts; where it is does not. */
function keyOf({ code, groupId, message }: Trouble): string {
  return `${code} ${groupId ?? 'all'} ${placeOf(message).partition ?? ''}`;
}

function placeOf(message: string): { readonly partition?: string } {
  const partition = /partition (\S+?),?:? /.exec(message)?.[1];
  return partition === undefined ? {} : { partition };
}
