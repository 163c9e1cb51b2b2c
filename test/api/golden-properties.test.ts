/** `/status/properties`: what is in effect, never a secret. */
import { describe, expect, it } from 'vitest';
import { shownProperties } from '../../api/status-routes.ts';

describe('shown properties', () => {
  it('leave out secrets and what is not set', () => {
    expect(
      shownProperties([
        { name: 'URL', value: 'postgres://u:CANARY@h/d', secret: true },
        { name: 'TIER', value: null },
        { name: 'PORT', value: 0 },
        { name: 'SCRATCH', value: '/tmp/x' },
      ]),
    ).toEqual({ PORT: '0', SCRATCH: '/tmp/x' });
  });

  it.each([
    ['http://user:CANARY@ui.example:8233/a', 'http://ui.example:8233/a'],
    ['https://ui.example/?token=CANARY', 'https://ui.example/'],
    ['https://ui.example/#CANARY', 'https://ui.example/'],
    ['http://CANARY@', 'not shown'],
    ['file:///data/deep', 'file:///data/deep'],
    ['http://127.0.0.1:8233', 'http://127.0.0.1:8233'],
    ['127.0.0.1:7233', '127.0.0.1:7233'],
  ])('%s', (value, shown) => {
    expect(shownProperties([{ name: 'X', value }])).toEqual({ X: shown });
  });
});
