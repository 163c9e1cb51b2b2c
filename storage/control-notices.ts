/**
 * What a notice of `headgate_control` says: to look again, or what happens in a pause, so that nobody has to look first.
 * A notice is a hint: whatever is done on its word is checked by the function that is called then.
 */
export type ControlNotice =
  | { readonly kind: 'look' }
  | { readonly kind: 'pause'; readonly ordinal: number; readonly requestNo: number }
  /** So many answers of this request are there. */
  | { readonly kind: 'answered'; readonly requestNo: number; readonly answers: number };

const withHint = /^(.*\/group-\d+\/\d+)#(pause|answered):(\d+):(\d+)$/s;

/** `label`: `generationLabel(key)`. */
export function readControlNotice(payload: string): {
  readonly label: string;
  readonly notice: ControlNotice;
} {
  const [, label, kind, first, second] = withHint.exec(payload) ?? [];
  if (label === undefined) return { label: payload, notice: { kind: 'look' } };
  const notice: ControlNotice =
    kind === 'pause'
      ? { kind, ordinal: Number(first), requestNo: Number(second) }
      : { kind: 'answered', requestNo: Number(first), answers: Number(second) };
  return { label, notice };
}
