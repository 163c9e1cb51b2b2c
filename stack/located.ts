/** What looking for a server can end in. Looking changes nothing and downloads nothing. */
import type { Install } from './cache.ts';
import type { Missing } from './tools.ts';

export type Located<Source> =
  /** The user's own server. It is never started and never stopped. */
  | { readonly kind: 'external'; readonly address: string }
  | { readonly kind: 'present'; readonly source: Source; readonly warning?: string }
  /** `source` is there once the install is done. */
  | { readonly kind: 'installable'; readonly source: Source; readonly install: Install }
  | { readonly kind: 'missing'; readonly missing: readonly Missing[] };
