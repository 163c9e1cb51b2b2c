/** A morning of a supervisor that scaled, rolled over, lost a worker and met an out-of-range offset. */
import type { NarrativeInput } from '../../../domain/explain/narrative.ts';
import type { StoryKind, StoryLine } from '../../../domain/supervisor/story.ts';

const day = '2026-11-21';
export const nowMs = at('14:05:10');

export function at(time: string): number {
  return Date.parse(`${time.includes('T') ? time : `${day}T${time}`}Z`);
}

type Told = Partial<Pick<StoryLine, 'groupId' | 'generation' | 'taskId' | 'details'>>;
let eventId = 0;

export function line(time: string, kind: StoryKind, text: string, more: Told = {}): StoryLine {
  eventId += 1;
  return {
    eventId: String(eventId),
    supervisorId: 'clicks',
    atMs: at(time),
    kind,
    groupId: null,
    generation: null,
    taskId: null,
    details: {},
    text,
    ...more,
  };
}

function hours(): StoryLine[] {
  return [9, 10, 11, 12].flatMap((hour, index) => {
    const of = { groupId: 0, generation: index + 1 };
    const time = String(hour).padStart(2, '0');
    return [
      line(
        `${time}:00:03`,
        'rollover',
        `Group 0 stopped reading after 1 h (taskDuration) at offsets 0: ${hour}00, 1: ${hour}10`,
        of,
      ),
      line(`${time}:00:12`, 'published', `Group 0 published 120000 rows in 2 segments`, {
        ...of,
        details: { rows: 120_000, segments: 2 },
      }),
    ];
  });
}

export function aMorning(): StoryLine[] {
  return [
    line(
      '08:00:00',
      'spec',
      'Spec version 3 was posted: taskDuration PT30M became PT1H; it took effect at the next rollover',
    ),
    line('08:00:05', 'state', 'RUNNING: reading 2 partitions of clicks in 1 group'),
    ...hours(),
    ...['12:10:00', '12:10:30', '12:11:00'].map((time) =>
      line(
        time,
        'scaleSkipped',
        `Wanted 2 task groups and stayed at 1: the last scaling is less than 20 min ago`,
      ),
    ),
    line(
      '12:31:00',
      'scaled',
      'From 1 to 2 task groups: 82 % of the last 30 samples had a lag of 6000000 records or more',
      { details: { from: 1, to: 2 } },
    ),
    line('12:31:01', 'rollover', 'Group 0 stopped reading early, because taskCount became 2', {
      groupId: 0,
      generation: 5,
    }),
    line('12:31:09', 'published', 'Group 0 published 61000 rows in 1 segment', {
      groupId: 0,
      generation: 5,
      details: { rows: 61_000 },
    }),
    line(
      '13:02:14',
      'taskLost',
      'Worker ingest-4411-9f of task index_kafka_clicks_abc_ponmlkji (group 1) was lost; worker ingest-4412-2b went on from its checkpoint and read 1800 records again',
      { groupId: 1, generation: 6, taskId: 'index_kafka_clicks_abc_ponmlkji' },
    ),
    line(
      '13:12:00',
      'trouble',
      'Partition 1 of clicks: offset 5200 is to be read next, but the log begins at 5900: 700 records were deleted before they were read',
      { groupId: 1, details: { partition: '1', wanted: '5200', earliest: '5900' } },
    ),
    line('13:12:00', 'state', 'UNHEALTHY_SUPERVISOR: offset 5200 of partition 1 is gone'),
    line('13:20:00', 'reset', 'Reset of partition 1 to offset 5900, ordered by mara'),
    line('13:20:00', 'gap', 'Offsets 5200 to 5900 of partition 1 were skipped: 700 records', {
      details: { partition: '1', records: 700 },
    }),
    line('13:20:02', 'troubleOver', 'partition 1 is read again from offset 5900', {
      groupId: 1,
      details: { partition: '1' },
    }),
    line('13:20:02', 'state', 'RUNNING: reading 2 partitions of clicks in 2 groups'),
    line('14:04:58', 'rollover', 'Group 0 stopped reading after 1 h (taskDuration)', {
      groupId: 0,
      generation: 6,
    }),
  ];
}

export const aStatus: NonNullable<NarrativeInput['status']> = {
  detailedState: 'RUNNING',
  healthy: true,
  suspended: false,
  reason: 'reading 2 partitions of clicks in 2 groups; 1 generation to be published',
  remedy: null,
  asOfMs: at('14:05:06'),
  lag: 1200,
  publishing: [{ groupId: 0, generation: 6 }],
};

export function anInput(more: Partial<NarrativeInput> = {}): NarrativeInput {
  return {
    supervisorId: 'clicks',
    nowMs,
    status: aStatus,
    autoscaler: ['lagBased, 1 to 8 groups; stays at 2: lag is low, the next scale in is possible at 13:31'],
    lines: aMorning(),
    ...more,
  };
}
