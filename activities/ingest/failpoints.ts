/**
 * Named points in the path of a publish where a chaos run can hurt this process at the worst moment (reliability.md 2.3).
 *
 * Off unless HEADGATE_FAILPOINTS is set: `F5=kill,F8=stop@3` kills at the first upload and stops at the third commit.
 * `kill` and `stop` are signals to this process; `cut` loses its Postgres connections. Without the variable a point costs one look.
 */
export type FailpointName =
  /** The lease is taken. */
  | 'F1'
  /** The first records were read. */
  | 'F2'
  /** Rows are being spilled. */
  | 'F3'
  /** Intent rows are written. */
  | 'F4'
  /** In the middle of the uploads. */
  | 'F5'
  /** All uploads are done. */
  | 'F6'
  /** The commit is about to be sent. */
  | 'F7'
  /** The commit was sent, no answer yet. */
  | 'F8'
  /** Committed, nobody told. */
  | 'F9'
  /** The activity's result is about to be given back. */
  | 'F10';

export type FailpointAction = 'kill' | 'stop' | 'cut';

type Armed = { readonly action: FailpointAction; left: number };

const pattern = /^(F(?:[1-9]|10))=(kill|stop|cut)(?:@([1-9][0-9]*))?$/;

export class Failpoints {
  readonly #armed = new Map<string, Armed>();
  readonly #perform: (action: FailpointAction) => void;

  constructor(setting: string | undefined, perform: (action: FailpointAction) => void) {
    this.#perform = perform;
    for (const item of (setting ?? '').split(',').filter((text) => text.trim() !== '')) {
      const [, name, action, hit] = pattern.exec(item.trim()) ?? [];
      if (name === undefined)
        throw new RangeError(`HEADGATE_FAILPOINTS: found ${item}, expected e.g. F5=kill or F8=stop@3`);
      this.#armed.set(name, { action: action as FailpointAction, left: Number(hit ?? 1) });
    }
  }

  pass(name: FailpointName): void {
    const armed = this.#armed.get(name);
    if (armed === undefined) return;
    armed.left -= 1;
    if (armed.left === 0) this.#perform(armed.action);
  }
}

/** What a real process does; `cut` is handed in by whoever owns the connections. */
export function signalSelf(cut: () => void): (action: FailpointAction) => void {
  return (action) => {
    if (action === 'cut') cut();
    else process.kill(process.pid, action === 'kill' ? 'SIGKILL' : 'SIGSTOP');
  };
}
