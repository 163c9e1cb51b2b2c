/** A strict reader of Prometheus' text form: what a lenient scraper would let pass is an error here. */

export type ParsedSample = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
};
export type ParsedFamily = {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: ParsedSample[];
};

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/;

export function parseExposition(text: string): Map<string, ParsedFamily> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
  if (text.includes('\r')) throw new Error('a carriage return');
  const families = new Map<string, ParsedFamily>();
  const seen = new Set<string>();
  let help: { name: string; text: string } | null = null;
  let current: ParsedFamily | null = null;
  for (const line of text.split('\n').slice(0, -1)) {
    if (line.startsWith('# HELP ')) {
      const [name = '', ...rest] = line.slice(7).split(' ');
      if (!metricName.test(name) || rest.join('').trim() === '') throw new Error(`HELP: ${line}`);
      help = { name, text: rest.join(' ') };
      current = null;
      continue;
    }
    if (line.startsWith('# TYPE ')) {
      const [name = '', type = '', ...rest] = line.slice(7).split(' ');
      if (help?.name !== name || rest.length > 0) throw new Error(`TYPE without its HELP: ${line}`);
      if (!['counter', 'gauge', 'summary'].includes(type)) throw new Error(`type: ${line}`);
      if (families.has(name)) throw new Error(`${name} comes twice`);
      if ((type === 'counter') !== name.endsWith('_total')) throw new Error(`${name} is a ${type}`);
      current = { name, type, help: help.text, samples: [] };
      families.set(name, current);
      continue;
    }
    if (current === null) throw new Error(`a sample without TYPE: ${line}`);
    const sample = parseSample(line);
    const allowed =
      current.type === 'summary' ? ['_sum', '_count'].map((end) => current!.name + end) : [current.name];
    if (!allowed.includes(sample.name)) throw new Error(`${sample.name} below ${current.name}`);
    const key = sample.name + JSON.stringify(Object.entries(sample.labels).sort());
    if (seen.has(key)) throw new Error(`twice: ${line}`);
    seen.add(key);
    current.samples.push(sample);
  }
  for (const { name, samples } of families.values())
    if (samples.length === 0) throw new Error(`${name} is empty`);
  return families;
}

function parseSample(line: string): ParsedSample {
  const name = /^[^{ ]+/.exec(line)?.[0] ?? '';
  if (!metricName.test(name)) throw new Error(`name: ${line}`);
  const { labels, rest } =
    line[name.length] === '{'
      ? parseLabels(line, name.length + 1)
      : { labels: {}, rest: line.slice(name.length) };
  const value = /^ (-?\d+(?:\.\d+)?(?:e[+-]\d+)?|NaN|[+-]Inf)$/.exec(rest)?.[1];
  if (value === undefined) throw new Error(`value: ${line}`);
  return { name, labels, value: Number(value.replace('Inf', 'Infinity')) };
}

function parseLabels(line: string, start: number): { labels: Record<string, string>; rest: string } {
  const labels: Record<string, string> = {};
  const pattern = /([^=,}"]+)="((?:[^"\\]|\\[\\"n])*)"([,}])/y;
  pattern.lastIndex = start;
  for (;;) {
    const match = pattern.exec(line);
    const [, name = '', text = '', after] = match ?? [];
    if (match === null || !labelName.test(name) || name in labels) throw new Error(`labels: ${line}`);
    labels[name] = text.replace(/\\([\\"n])/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter));
    if (after === '}') return { labels, rest: line.slice(pattern.lastIndex) };
  }
}

/** The one sample that has these labels among its own; undefined: none. */
export function valueOf(
  families: ReadonlyMap<string, ParsedFamily>,
  name: string,
  labels: Readonly<Record<string, string>> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(sum|count)$/, ''));
  const found = (family?.samples ?? []).filter(
    (sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
  );
  if (found.length > 1) throw new Error(`${name}: ${found.length} samples have these labels`);
  return found[0]?.value;
}
