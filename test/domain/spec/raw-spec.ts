/** A small spec that parses, and copies of it with one place changed. For tests of the spec and of the API. */

export type RawSpec = { [key: string]: unknown };

export function aRawSpec(): RawSpec {
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: 'clicks',
        timestampSpec: { column: 'at', format: 'iso' },
        dimensionsSpec: { dimensions: ['country', 'page'] },
        metricsSpec: [
          { type: 'count', name: 'events' },
          { type: 'doubleSum', name: 'paid', fieldName: 'price' },
        ],
        granularitySpec: { segmentGranularity: 'HOUR', queryGranularity: 'MINUTE', rollup: true },
      },
      ioConfig: {
        topic: 'clicks-by-minute',
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': 'broker-1:9092' },
      },
    },
  };
}

/** What `change` gives for a step: a new value, or nothing at all. */
export const gone = Symbol('gone');

/** A copy with the value at `path` (`spec.ioConfig.taskCount`, `spec.x[0].y`, `a["b.c"]`) replaced, added or, by `gone`, taken out. */
export function changed(spec: RawSpec, path: string, value: unknown): RawSpec {
  const copy = structuredClone(spec);
  const steps = stepsOf(path);
  const last = steps.pop();
  if (last === undefined) throw new Error('a path with at least one step is needed');
  let place: RawSpec = copy;
  for (const step of steps) {
    if (!Object.hasOwn(place, step)) place[step] = {};
    place = place[step] as RawSpec;
  }
  if (value === gone) delete place[last];
  else Object.defineProperty(place, last, { value, enumerable: true, configurable: true, writable: true });
  return copy;
}

export function stepsOf(path: string): string[] {
  return [...path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|([^.[\]]+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  );
}
