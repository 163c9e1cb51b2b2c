/**
 * Values that may cross a boundary (Temporal payloads, Postgres json, thread messages): plain JSON.
 *
 * `Satisfies` turns a Map, bigint or Date in a boundary type into a compile error; Temporal's default
 * converter would lose them in silence.
 */
export type Json =
  string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json | undefined };

/** `type X = Satisfies<{...}>`: the type itself, refused by the compiler unless it is plain JSON. */
export type Satisfies<T extends Json> = T;
