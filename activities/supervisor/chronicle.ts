/**
 * Tells the story of what `watch` sees: changes of state, and troubles from their first look to their end. Lines are
 * compared with what was told last, also by another process; a line that cannot be written is a warning and no more.
 */
import type { Observation, Trouble } from '../../domain/supervisor/observation.ts';
import type { SupervisorStatus } from '../../domain/supervisor/status.ts';
import { readStory, tellStory } from '../../storage/stories.ts';
import type { NewStoryLine } from '../../storage/stories.ts';
import type { ControlDeps } from '../control-deps.ts';

/** Enough to find the newest state and every trouble that may still last. */
const linesRead = 100;

export class Chronicle {
  readonly #deps: ControlDeps;
  readonly #supervisorId: string;
  #detailedState: string | null = null;
  /** Code and partition or group of those that last, to what was told. */
  readonly #troubles = new Map<string, Trouble>();
  #isOpen = false;

  constructor(deps: ControlDeps, supervisorId: string) {
    this.#deps = deps;
    this.#supervisorId = supervisorId;
  }

  async noteStatus(status: SupervisorStatus): Promise<void> {
    await this.#told(async () => {
      const before = this.#detailedState;
      if (before === status.detailedState) return;
      // Before the first look it says PENDING in every life of a workflow: no news.
      if (status.detailedState !== 'PENDING')
        await this.#tell({
          kind: 'state',
          text: `${before === null ? '' : `${before} → `}${status.detailedState}: ${status.reason}`,
          details: { from: before, to: status.detailedState, remedy: status.remedy },
        });
      this.#detailedState = status.detailedState;
    });
  }

  async noteTroubles(observation: Observation): Promise<void> {
    if (observation.kind !== 'seen' || observation.stream.kind !== 'ok') return;
    await this.#told(async () => {
      const seen = new Map(observation.troubles.map((trouble) => [keyOf(trouble), trouble]));
      for (const [key, trouble] of seen) if (!this.#troubles.has(key)) await this.#begin(key, trouble);
      for (const [key, trouble] of [...this.#troubles]) if (!seen.has(key)) await this.#finish(key, trouble);
    });
  }

  async #begin(key: string, trouble: Trouble): Promise<void> {
    const { code, groupId, message, remedy } = trouble;
    await this.#tell({
      kind: 'trouble',
      text: message,
      ...(groupId === null ? {} : { groupId }),
      details: { code, remedy, key, ...placeOf(trouble) },
    });
    this.#troubles.set(key, trouble);
  }

  async #finish(key: string, trouble: Trouble): Promise<void> {
    const { groupId, message } = trouble;
    await this.#tell({
      kind: 'troubleOver',
      text: `no longer so: ${message}`,
      ...(groupId === null ? {} : { groupId }),
      details: { key, ...placeOf(trouble) },
    });
    this.#troubles.delete(key);
  }

  #tell(line: Omit<NewStoryLine, 'supervisorId'>): Promise<void> {
    return tellStory(this.#deps.pool, { supervisorId: this.#supervisorId, ...line });
  }

  async #told(tell: () => Promise<void>): Promise<void> {
    try {
      if (!this.#isOpen) await this.#remember();
      await tell();
    } catch (error) {
      this.#deps.log('warn', 'a line of the story was not written', {
        supervisorId: this.#supervisorId,
        error: String(error),
      });
    }
  }

  async #remember(): Promise<void> {
    const kinds = ['state', 'trouble', 'troubleOver'] as const;
    const lines = await readStory(this.#deps.pool, this.#supervisorId, { limit: linesRead, kinds });
    for (const line of lines.reverse()) {
      const { to, key, code, remedy } = line.details;
      if (line.kind === 'state') this.#detailedState = String(to);
      else if (line.kind === 'troubleOver') this.#troubles.delete(String(key));
      else
        this.#troubles.set(String(key), {
          code: String(code),
          groupId: line.groupId,
          message: line.text,
          remedy: String(remedy),
          streamException: true,
        });
    }
    this.#isOpen = true;
  }
}

/** Offsets in the message move on while the trouble lasts; where it is does not. */
function keyOf(trouble: Trouble): string {
  return `${trouble.code} ${trouble.groupId ?? 'all'} ${placeOf(trouble).partition ?? ''}`;
}

function placeOf({ message }: Trouble): { readonly partition?: string } {
  const partition = /partition (\S+?)[,]?:? /.exec(message)?.[1];
  return partition === undefined ? {} : { partition };
}
