/** Whose work it is stands in every line, under the same names, and nothing else of what an activity was asked does. */
import { describe, expect, it } from 'vitest';
import { logAbout, withLog, workFields } from '../../activities/work-log.ts';

const key = { supervisorId: 'wiki', groupId: 0, generation: 3 };

function lines() {
  const told: unknown[] = [];
  const log = (level: string, message: string, fields?: Record<string, unknown>) =>
    void told.push([level, message, fields]);
  return { told, log };
}

describe('log lines about work', () => {
  it.each([
    [
      { ...key, taskId: 't', replica: 1 },
      { ...key, taskId: 't' },
    ],
    [
      { key, sequenceId: 's', why: 'x' },
      { ...key, sequenceId: 's' },
    ],
    [
      { lease: { taskId: 't', token: 'CANARY' }, supervisorId: 'wiki' },
      { supervisorId: 'wiki', taskId: 't' },
    ],
    [{ supervisorId: 'wiki', spec: { password: 'CANARY' } }, { supervisorId: 'wiki' }],
    [undefined, {}],
    ['text', {}],
    [{ supervisorId: { nested: true } }, {}],
  ])('%j', (input, fields) => {
    expect(workFields(input)).toEqual(fields);
  });

  it('carry them whatever the line says, and the line may say more or otherwise', () => {
    const { told, log } = lines();
    const about = logAbout(log, { key });
    about('warn', 'a');
    about('info', 'b', { taskId: 't', generation: 4 });
    expect(told).toEqual([
      ['warn', 'a', key],
      ['info', 'b', { ...key, taskId: 't', generation: 4 }],
    ]);
  });

  it('are one for each step that was done; steps that wait or look are silent, failures are told elsewhere', async () => {
    const { told, log } = lines();
    const activities = withLog(
      {
        discardGroup: async (_input: { key: typeof key; why: string }) => ({
          kind: 'discarded',
          sequences: 2,
        }),
        applyCommand: async (_input: object) => ({ kind: 'refused' }),
        watch: async (_input: object) => ({ kind: 'news' }),
        prepareGroup: async (_input: object): Promise<never> => {
          throw new Error('down');
        },
      },
      log,
    );
    expect(await activities.discardGroup({ key, why: 'CANARY' })).toEqual({
      kind: 'discarded',
      sequences: 2,
    });
    await activities.applyCommand({ supervisorId: 'wiki', verb: 'reset', commandId: 'c', input: 'CANARY' });
    await activities.watch({ supervisorId: 'wiki' });
    await expect(activities.prepareGroup({ key })).rejects.toThrow('down');
    const ms = expect.any(Number) as number;
    expect(told).toEqual([
      ['info', 'discardGroup', { ...key, outcome: 'discarded', ms }],
      [
        'info',
        'applyCommand',
        { supervisorId: 'wiki', verb: 'reset', commandId: 'c', outcome: 'refused', ms },
      ],
    ]);
    expect(JSON.stringify(told)).not.toContain('CANARY');
  });
});
