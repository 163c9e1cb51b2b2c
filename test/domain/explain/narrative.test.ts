/** The four stories of a morning, as they are told to somebody who is new to it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { kindsNamed } from '../../../domain/explain/chapters.ts';
import { narrate } from '../../../domain/explain/narrative.ts';
import { narrativeText } from '../../../domain/explain/narrative-text.ts';
import { storyKinds } from '../../../domain/supervisor/story.ts';
import { aMorning, aStatus, anInput, at, line, nowMs } from './made-up-history.ts';

function text(input = anInput(), options: { all?: boolean } = {}): string {
  return narrativeText(narrate(input, options), { width: 110 });
}

function chapter(lines: ReturnType<typeof aMorning>, name: string) {
  return narrate(anInput({ lines })).chapters.find((one) => one.name === name);
}

describe('the narrative', () => {
  it('tells the four stories: scaled, rolled over, lost a worker, met an out-of-range offset', () => {
    const golden = new URL('../../fixtures/explain/morning.txt', import.meta.url);
    expect(`${text()}\n`).toBe(readFileSync(golden, 'utf8'));
  });

  it('does not depend on the order in which the lines come', () => {
    expect(text(anInput({ lines: aMorning().toReversed() }))).toBe(text());
  });

  it('tells a trouble and its end as one, with how long it was', () => {
    const told = chapter(aMorning(), 'positions')?.entries[0]?.text ?? '';
    expect(told).toMatch(/^From 13:12:00 for 8 min: .*700 records were deleted.* Over: /);
  });

  it('leaves a trouble without an end open, and does not close it with the end of another partition', () => {
    const lines = [
      line('10:00:00', 'trouble', 'partition 1: gone', { groupId: 1, details: { partition: '1' } }),
      line('10:01:00', 'trouble', 'partition 2: gone', { groupId: 2, details: { partition: '2' } }),
      line('10:02:00', 'troubleOver', 'partition 2 is read', { groupId: 2, details: { partition: '2' } }),
    ];
    expect(chapter(lines, 'positions')?.entries.map((entry) => entry.text)).toEqual([
      'From 10:01:00 for 1 min: partition 2: gone. Over: partition 2 is read.',
      'partition 1: gone.',
    ]);
  });

  it('does not say twice what is over', () => {
    const lines = [
      line('10:00:00', 'trouble', 'partition 1: gone', { details: { key: 'a' } }),
      line('10:00:01', 'trouble', 'partition 3: gone', { details: { key: 'b' } }),
      line('10:02:00', 'troubleOver', 'no longer so: partition 1: gone', { details: { key: 'a' } }),
    ];
    expect(chapter(lines, 'positions')?.entries.map((entry) => entry.text)).toEqual([
      'From 10:00:00 for 2 min: partition 1: gone. That is over.',
      'partition 3: gone.',
    ]);
  });

  it('gives each end its own beginnings when the same thing happened twice', () => {
    const lines = ['10', '11'].flatMap((hour) => [
      line(`${hour}:00:00`, 'trouble', `gone at ${hour}`),
      line(`${hour}:00:30`, 'trouble', `still gone at ${hour}`),
      line(`${hour}:01:00`, 'troubleOver', 'mended'),
    ]);
    expect(chapter(lines, 'positions')?.entries.map((entry) => entry.text)).toEqual([
      'From 11:00:00 for 1 min: still gone at 11. Over: mended.',
      'From 10:00:00 for 1 min: still gone at 10. Over: mended.',
    ]);
  });

  it('folds what differs in numbers and names only', () => {
    const lines = [1, 2, 3, 4, 5].map((minute) =>
      line(
        `13:0${minute}:00`,
        'taskLost',
        `Worker w-${minute} of task a_b_${'abcdefgh'.slice(minute)}x was lost`,
      ),
    );
    expect(chapter(lines, 'workers')?.entries).toHaveLength(5);
    const alike = lines.map((one, index) => ({ ...one, text: `Worker w-${index} was lost` }));
    expect(chapter(alike, 'workers')?.entries.map((entry) => entry.text)).toEqual([
      '5 times since 13:01:00, the last: Worker w-4 was lost.',
    ]);
  });

  it('counts what it leaves out', () => {
    const words = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
    const lines = words.map((word, index) => line(`13:0${index}:00`, 'taskFailed', `Task failed: ${word}`));
    const told = chapter(lines, 'failures');
    expect(told?.entries).toHaveLength(5);
    expect(told?.leftOut).toBe(3);
    expect(text(anInput({ lines }))).toContain('and 3 older; `--kind failures --all` shows each');
  });

  it('with `all` tells every line by itself', () => {
    const told = narrate(anInput(), { all: true }).chapters.flatMap((one) => one.entries);
    expect(told).toHaveLength(aMorning().length);
  });

  it('never sums a discard up', () => {
    const lines = [1, 2, 3, 4, 5, 6].map((generation) =>
      line(`1${generation}:00:00`, generation === 2 ? 'discarded' : 'published', `generation ${generation}`, {
        groupId: 0,
        generation,
      }),
    );
    const texts = chapter(lines, 'rollovers')?.entries.map((entry) => entry.text);
    expect(texts).toContain('generation 2.');
    expect(texts?.[0]).toBe('Published 5 times since 11:00:00.');
  });

  it('says what it does not know', () => {
    const unknown = text(anInput({ status: null, lines: [], autoscaler: null }));
    expect(unknown).toContain('clicks: terminated; what it did is remembered');
    expect(unknown).toContain('Nothing is recorded in this time');
    expect(text(anInput({ status: { ...aStatus, lag: null } }))).toContain(
      'lag         unknown, as of 4 s ago',
    );
  });

  it('shows the remedy of what is unhealthy', () => {
    const sick = { ...aStatus, healthy: false, detailedState: 'UNHEALTHY_TASKS', remedy: 'mend the spec' };
    expect(text(anInput({ status: sick }))).toMatch(/to do +mend the spec/);
  });

  it('has a date where it was another day, and keeps one line to one line', () => {
    const lines = [line('2026-11-19T23:59:59', 'order', 'someone\nasked   for\tit')];
    const told = text(anInput({ lines }));
    expect(told).toContain('2026-11-19 23:59:59  1 d 14 h ago  someone asked for it.');
  });

  it('keeps lines to the width, words whole', () => {
    for (const shown of narrativeText(narrate(anInput()), { width: 80 }).split('\n'))
      expect(shown.length).toBeLessThanOrEqual(80);
  });

  it('knows every kind, by its name or as part of a chapter', () => {
    for (const kind of storyKinds) expect(kindsNamed(kind.toUpperCase())).toEqual([kind]);
    expect(kindsNamed('workers')).toEqual(['taskLost']);
    expect(kindsNamed('nosuch')).toBeNull();
    const lines = storyKinds.map((kind) => line('10:00:00', kind, `<${kind}>`));
    const told = narrate(anInput({ lines })).chapters.flatMap((one) => one.entries);
    for (const kind of storyKinds) expect(told.map((entry) => entry.text).join(' ')).toContain(`<${kind}>`);
    expect(nowMs).toBe(at('14:05:10'));
  });
});
