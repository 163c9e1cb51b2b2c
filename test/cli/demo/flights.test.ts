import { expect, onTestFinished, test } from 'vitest';
import { flightRecords, flightsMax, openFlights } from '../../../cli/demo/flights.ts';

test('records are the first flights of the file, each once, as JSON', async () => {
  const connection = await openFlights(5_000);
  onTestFinished(() => connection.closeSync());
  const records: string[] = [];
  for await (const some of flightRecords(connection)) records.push(...some);
  expect(records).toHaveLength(5_000);
  expect(JSON.parse(records[0] ?? '')).toEqual({
    date: '2001-01-01T00:01:00Z',
    delay: 33,
    distance: 2176,
    origin: 'LAS',
    destination: 'PHL',
  });
});

test('the file has as many flights as we say', async () => {
  const connection = await openFlights(flightsMax + 1);
  onTestFinished(() => connection.closeSync());
  const result = await connection.runAndReadAll('select count(*)::int from flights');
  expect(result.getRows()).toEqual([[flightsMax]]);
});
