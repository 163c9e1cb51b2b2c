/** Numbers and times as an operator reads them in the reasons of the autoscaler. */

/** 6000000 as 6,000,000; no locale of the machine may change a stored text. */
export function whole(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 0.333 as 33 %. */
export function percent(fraction: number): string {
  return `${Math.round(fraction * 100)} %`;
}

export function decimal(value: number): string {
  return Math.abs(value) >= 100 ? whole(value) : value.toFixed(2);
}

/** 725000 as 12 min 5 s. */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000));
  const parts = [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor((seconds % 3_600) / 60), 'min'],
    [seconds % 60, 's'],
  ] as const;
  const words = parts.filter(([amount]) => amount > 0).map(([amount, unit]) => `${amount} ${unit}`);
  return words.length === 0 ? '0 s' : words.join(' ');
}

/** One sentence of the story and of the status. */
export function scaledWords(from: number, to: number, because: string): string {
  return `scaled from ${from} to ${to}: ${because}`;
}
