/** The story in short, for the Temporal UI. */
import { describe, expect, it } from 'vitest';
import { shortStory } from '../../../domain/explain/short-story.ts';
import { aMorning, line, nowMs } from './made-up-history.ts';

describe('shortStory', () => {
  it('tells the newest of what matters, at absolute times', () => {
    const told = shortStory(aMorning(), nowMs, 4_000).split('\n');
    expect(told).toHaveLength(8);
    expect(told.every((one) => /^- \d\d:\d\d:\d\d UTC: \S/.test(one))).toBe(true);
    expect(told.join('\n')).toContain('was lost; worker');
    expect(told.join('\n')).toContain('700 records were deleted');
    expect(told.join('\n')).not.toMatch(/\bago\b(?! \()/);
  });

  it('keeps to its room, in whole lines', () => {
    const whole = shortStory(aMorning(), nowMs, 4_000);
    for (const room of [0, 50, 200, 500, whole.length, 4_000]) {
      const told = shortStory(aMorning(), nowMs, room);
      expect(told.length).toBeLessThanOrEqual(room);
      expect(whole.startsWith(told)).toBe(true);
    }
    expect(shortStory([], nowMs, 100)).toBe('');
  });

  it('gives steps that are no news only where there is nothing else', () => {
    const quiet = [line('13:00:00', 'checkpoint', 'a checkpoint')];
    expect(shortStory(quiet, nowMs, 100)).toBe('- 13:00:00 UTC: a checkpoint.');
    expect(shortStory([...quiet, line('12:00:00', 'spec', 'a spec')], nowMs, 100)).toBe(
      '- 12:00:00 UTC: a spec.',
    );
  });

  it("keeps other people's text from being Markdown", () => {
    const told = shortStory([line('13:00:00', 'order', '# [x](http://y) | *a*\n<b>_c_')], nowMs, 200);
    expect(told).toBe('- 13:00:00 UTC: \\# \\[x\\](http://y) \\| \\*a\\* \\<b\\>\\_c\\_.');
  });
});
