/** docs/errors.md and the list of codes say the same, both ways. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { errorCodes } from '../../domain/errors.ts';
import { tableRows } from './markdown.ts';

const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
const rows = tableRows(page).filter((cells) => cells[0]?.startsWith('`') === true);
const codes = Object.entries(errorCodes);

describe('docs/errors.md', () => {
  it('names every code once, and no other', () => {
    const named = rows.map((cells) => cells[0]?.replaceAll('`', ''));
    expect([...named].sort()).toEqual(codes.map(([code]) => code).sort());
  });

  it.each(codes)('%s: the meaning and whether it is tried again are those of the list', (code, facts) => {
    const cells = rows.find((row) => row[0] === `\`${code}\``) ?? [];
    expect(cells[1]).toBe(facts.retryable ? 'yes' : 'no');
    expect(cells[2]).toBe(facts.meaning);
  });

  it.each(codes)('%s: has a cause and a remedy', (code) => {
    const [, , , cause, remedy] = rows.find((row) => row[0] === `\`${code}\``) ?? [];
    expect(cause?.length).toBeGreaterThan(5);
    expect(remedy?.length).toBeGreaterThan(5);
  });
});
