/**
 * Schemas of a registry by id, ready to read with, fetched when a record first names them. An id never changes its meaning; that the
 * registry does not have one may change, and is asked again after a while.
 */
import type { NoSchema, RegisteredSchema } from './registry-client.ts';

export type SchemaSource = { readonly schema: (id: number) => Promise<RegisteredSchema | NoSchema> };

/** What can be read with a schema, or why nothing can. */
export type Compiled<T> = { readonly use: T } | { readonly reason: string };

export type RegisteredSchemasOptions<T> = {
  readonly source: SchemaSource;
  /** Never throws. */
  readonly compile: (schema: RegisteredSchema) => Compiled<T>;
  /** So many are kept, the ones used last. */
  readonly capacity: number;
  readonly now?: () => number;
};

const askAgainAfterMs = 30_000;

type Kept<T> = { readonly compiled: Compiled<T>; readonly untilMs: number };

export class RegisteredSchemas<T> {
  readonly #options: RegisteredSchemasOptions<T>;
  readonly #now: () => number;
  /** In the order of their last use. */
  readonly #kept = new Map<number, Kept<T>>();
  readonly #fetching = new Map<number, Promise<void>>();

  constructor(options: RegisteredSchemasOptions<T>) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** Undefined: it must be prepared first. */
  get(id: number): Compiled<T> | undefined {
    const kept = this.#kept.get(id);
    if (kept === undefined) return undefined;
    this.#kept.delete(id);
    this.#kept.set(id, kept);
    return kept.compiled;
  }

  /** Null: `get` has an answer. Rejects with a HeadgateError when the registry cannot be asked for now. */
  prepare(id: number): Promise<void> | null {
    const kept = this.#kept.get(id);
    if (kept !== undefined && this.#now() < kept.untilMs) return null;
    const fetching = this.#fetching.get(id) ?? this.#fetch(id).finally(() => this.#fetching.delete(id));
    this.#fetching.set(id, fetching);
    return fetching;
  }

  async #fetch(id: number): Promise<void> {
    const { source, compile, capacity } = this.#options;
    const found = await source.schema(id);
    const compiled = found.kind === 'none' ? { reason: found.reason } : compile(found);
    const untilMs = found.kind === 'none' ? this.#now() + askAgainAfterMs : Infinity;
    this.#kept.delete(id);
    this.#kept.set(id, { compiled, untilMs });
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= capacity) break;
      this.#kept.delete(oldest);
    }
  }
}
