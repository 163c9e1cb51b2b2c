import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { describe, expect, test } from 'vitest';
import { instantOfLocal, localExists, timeZone, type TimeZone } from '../../domain/time-zones.ts';
import { isZoneId, zoneIds } from '../../domain/zone-ids.ts';

const seed = Number(process.env['SEED'] ?? 20261121);

function zoneOf(id: string): TimeZone {
  const zone = timeZone(id);
  if (zone === null) throw new Error(`no zone ${id}`);
  return zone;
}

/** Zones with every kind of trouble: half hours, skipped days, midnights that do not exist or exist twice, odd seconds of old. */
export const troubledZones = [
  ...['Europe/Berlin', 'America/New_York', 'America/Sao_Paulo', 'America/Havana', 'Asia/Kathmandu'],
  ...['Australia/Lord_Howe', 'Pacific/Apia', 'Africa/Casablanca', 'Asia/Kolkata', 'Europe/Dublin'],
  ...['America/St_Johns', 'Asia/Gaza', 'Antarctica/Troll', '+05:45', 'Etc/GMT+5'],
];

const instants = fc.oneof(
  fc.integer({ min: Date.UTC(1970, 0, 1), max: Date.UTC(2037, 0, 1) }),
  fc.integer({ min: Date.UTC(1850, 0, 1), max: Date.UTC(2400, 0, 1) }),
);

function wallTime(localMs: number): Temporal.PlainDateTime {
  return Temporal.Instant.fromEpochMilliseconds(localMs).toZonedDateTimeISO('UTC').toPlainDateTime();
}

describe('against Temporal', () => {
  test('the offset of every instant', () => {
    fc.assert(
      fc.property(fc.constantFrom(...troubledZones), instants, (id, ms) => {
        const there = Temporal.Instant.fromEpochMilliseconds(ms).toZonedDateTimeISO(id);
        expect(zoneOf(id).offsetAt(ms)).toBe(there.offsetNanoseconds / 1_000_000);
      }),
      { seed, numRuns: 3000 },
    );
  });

  test('the instant of every local time: the earlier of two, past a gap', () => {
    fc.assert(
      fc.property(fc.constantFrom(...troubledZones), instants, (id, localMs) => {
        const zone = zoneOf(id);
        const there = wallTime(localMs).toZonedDateTime(id, { disambiguation: 'compatible' });
        expect(instantOfLocal(zone, localMs)).toBe(there.epochMilliseconds);
        expect(localExists(zone, localMs)).toBe(there.toPlainDateTime().equals(wallTime(localMs)));
      }),
      { seed, numRuns: 3000 },
    );
  });
});

test('around changes of the clocks', () => {
  const berlin = zoneOf('Europe/Berlin');
  const at = (text: string): number => Date.parse(`${text}Z`);
  expect(localExists(berlin, at('2020-03-29T02:30'))).toBe(false);
  expect(instantOfLocal(berlin, at('2020-03-29T02:30'))).toBe(at('2020-03-29T01:30'));
  expect(instantOfLocal(berlin, at('2020-10-25T02:30'))).toBe(at('2020-10-25T00:30'));
  expect(berlin.offsetAt(at('2020-03-29T00:59:59.999'))).toBe(3_600_000);
  expect(berlin.offsetAt(at('2020-03-29T01:00'))).toBe(7_200_000);
  const apia = zoneOf('Pacific/Apia');
  expect(localExists(apia, at('2011-12-30T12:00'))).toBe(false);
});

test('ends of time', () => {
  for (const id of troubledZones)
    for (const ms of [-8.64e15, 8.64e15, -8.7e15, 8.7e15])
      expect(Math.abs(zoneOf(id).offsetAt(ms))).toBeLessThan(86_400_000);
});

describe('names', () => {
  test.each([
    ['UTC', 0],
    ['Z', 0],
    ['GMT', 0],
    ['Etc/UTC', 0],
    ['+00:00', 0],
    ['+05:45', 20_700_000],
    ['-0830', -30_600_000],
    ['UTC+2', 7_200_000],
    ['GMT-05:30', -19_800_000],
    ['Etc/GMT+5', -18_000_000],
    ['EST', -18_000_000],
  ])('%s is fixed', (id, offset) => {
    expect(timeZone(id)?.fixedOffsetMs).toBe(offset);
  });

  test.each(['No/Where', '', 'europe/berlin', '+25:00', '+5', 'EDT', 'Europe', '__proto__', 'UTC+24'])(
    '%j is none',
    (id) => {
      expect(timeZone(id)).toBeNull();
    },
  );

  test('old names of Java', () => {
    expect(timeZone('PST')?.id).toBe('America/Los_Angeles');
    expect(timeZone('IST')?.id).toBe('Asia/Kolkata');
  });

  test('every id of the list is a zone', () => {
    expect(zoneIds.length).toBeGreaterThan(590);
    for (const id of zoneIds) {
      expect(isZoneId(id)).toBe(true);
      expect(timeZone(id), id).not.toBeNull();
    }
  });
});
