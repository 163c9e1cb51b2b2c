/**
 * Who may compute now. All places but one are held for as long as a query likes; the last one is for a short while, once others
 * wait: whoever is not done by then gives it up and begins again in a lasting place. So queries that run wild, however many they
 * are, keep nobody waiting for long who asks for little.
 */
import { limitExceeded } from './limits.ts';
import type { QueryLimits } from './limits.ts';

export type Place = {
  /** From here on a short place is held; `giveUp` is called once, when it is to be left. */
  readonly begin: (giveUp: () => void) => void;
  readonly leave: () => void;
};

/** `leave` gives back what there is by then: the place, or the wait for it. */
export type Taking = { readonly taken: Promise<Place>; readonly leave: () => void };

type Waiter = {
  readonly lasting: boolean;
  readonly take: (place: Place) => void;
  readonly refuse: (error: Error) => void;
};

type Holder = { readonly sinceMs: number; readonly giveUp: () => void };

export class QueryPlaces {
  readonly #limits: Pick<QueryLimits, 'concurrent' | 'waiting' | 'shortMs'>;
  readonly #waiters: Waiter[] = [];
  #lasting = 0;
  #isShortTaken = false;
  #holder: Holder | null = null;
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(limits: Pick<QueryLimits, 'concurrent' | 'waiting' | 'shortMs'>) {
    this.#limits = limits;
  }

  /** Throws QUERY_LIMIT when too many wait already. Who gave up a short place always may wait: it was let in before. */
  take(lasting: boolean): Taking {
    if (this.#closed) throw stopping();
    const place = this.#free(lasting);
    if (place !== null) return { taken: Promise.resolve(place), leave: place.leave };
    const { concurrent, waiting } = this.#limits;
    if (!lasting && this.#waiters.length >= waiting)
      throw limitExceeded(
        'concurrent',
        `${concurrent} queries run and ${this.#waiters.length} wait already; try again later`,
      );
    return this.#wait(lasting);
  }

  close(): void {
    this.#closed = true;
    this.#stopTimer();
    for (const waiter of this.#waiters.splice(0)) waiter.refuse(stopping());
  }

  #wait(lasting: boolean): Taking {
    let given: Place | null = null;
    let leave = (): void => undefined;
    const taken = new Promise<Place>((resolve, refuse) => {
      const take = (place: Place): void => {
        given = place;
        resolve(place);
      };
      const waiter: Waiter = { lasting, take, refuse };
      this.#waiters.push(waiter);
      leave = () => {
        const at = this.#waiters.indexOf(waiter);
        if (at >= 0) this.#waiters.splice(at, 1);
        given?.leave();
      };
    });
    this.#hurry();
    return { taken, leave };
  }

  #free(lasting: boolean): Place | null {
    const short = this.#limits.concurrent > 1 ? 1 : 0;
    if (this.#lasting < this.#limits.concurrent - short) {
      this.#lasting += 1;
      return this.#lastingPlace();
    }
    if (lasting || short === 0 || this.#isShortTaken) return null;
    this.#isShortTaken = true;
    return this.#shortPlace();
  }

  #lastingPlace(): Place {
    return { begin: () => undefined, leave: once(() => this.#lastingLeft()) };
  }

  #shortPlace(): Place {
    return {
      begin: (giveUp) => {
        this.#holder = { sinceMs: Date.now(), giveUp };
        this.#hurry();
      },
      leave: once(() => this.#shortLeft()),
    };
  }

  #lastingLeft(): void {
    const next = this.#waiters.shift();
    if (next === undefined) this.#lasting -= 1;
    else next.take(this.#lastingPlace());
  }

  #shortLeft(): void {
    this.#holder = null;
    this.#stopTimer();
    const at = this.#waiters.findIndex(({ lasting }) => !lasting);
    const next = at < 0 ? undefined : this.#waiters.splice(at, 1)[0];
    if (next === undefined) this.#isShortTaken = false;
    else next.take(this.#shortPlace());
  }

  /** Nobody gives up a place that nobody waits for. */
  #hurry(): void {
    if (this.#timer !== null || this.#holder === null || !this.#waiters.some(({ lasting }) => !lasting))
      return;
    const { sinceMs } = this.#holder;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        const holder = this.#holder;
        this.#holder = null;
        holder?.giveUp();
      },
      Math.max(0, sinceMs + this.#limits.shortMs - Date.now()),
    );
  }

  #stopTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function once(work: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) work();
    isDone = true;
  };
}

function stopping(): Error {
  return limitExceeded('concurrent', 'the server is stopping');
}
