/** The supervisor of the demo: four partitions read by two task groups, rolled up by day and route. */
export type DemoNames = { readonly supervisor: string; readonly topic: string };

export function flightsSpec({ supervisor, topic }: DemoNames, kafka: string): Record<string, unknown> {
  return {
    type: 'kafka',
    spec: {
      dataSchema: {
        dataSource: supervisor,
        timestampSpec: { column: 'date', format: 'iso' },
        dimensionsSpec: { dimensions: ['origin', 'destination'] },
        metricsSpec: [
          { type: 'count', name: 'flights' },
          { type: 'longSum', name: 'delay', fieldName: 'delay' },
          { type: 'longMax', name: 'worst_delay', fieldName: 'delay' },
          { type: 'longSum', name: 'distance', fieldName: 'distance' },
        ],
        granularitySpec: {
          type: 'uniform',
          segmentGranularity: 'MONTH',
          queryGranularity: 'DAY',
          rollup: true,
        },
      },
      ioConfig: {
        topic,
        inputFormat: { type: 'json' },
        consumerProperties: { 'bootstrap.servers': kafka },
        taskCount: 2,
        replicas: 1,
        // Short, so that a few minutes show several generations come and go.
        taskDuration: 'PT20S',
        startDelay: 'PT1S',
        period: 'PT1S',
        useEarliestOffset: true,
      },
      // A persist is what another worker takes over after a kill.
      tuningConfig: { type: 'kafka', intermediatePersistPeriod: 'PT5S' },
    },
  };
}
