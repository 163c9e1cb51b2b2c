/** Failpoints: off by default, once at the wanted hit, and never by a typing error. */
import { describe, expect, it } from 'vitest';
import { Failpoints } from '../../../activities/ingest/failpoints.ts';
import type { FailpointAction } from '../../../activities/ingest/failpoints.ts';

function armed(setting: string | undefined): { points: Failpoints; done: FailpointAction[] } {
  const done: FailpointAction[] = [];
  return { points: new Failpoints(setting, (action) => done.push(action)), done };
}

describe('failpoints', () => {
  it('do nothing unless set', () => {
    const { points, done } = armed(undefined);
    points.pass('F5');
    expect(done).toEqual([]);
  });

  it('act once, at the hit that was asked for', () => {
    const { points, done } = armed('F5=kill, F8=stop@3,F10=cut');
    for (let hit = 0; hit < 5; hit += 1) points.pass('F8');
    points.pass('F5');
    points.pass('F1');
    points.pass('F10');
    expect(done).toEqual(['stop', 'kill', 'cut']);
  });

  it.each(['F5', 'F11=kill', 'F5=explode', 'F5=kill@0'])('refuse %s', (setting) => {
    expect(() => armed(setting)).toThrow(/HEADGATE_FAILPOINTS/);
  });
});
