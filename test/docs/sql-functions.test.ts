/** docs/sql-functions.md is the table of functions, and nothing that Druid documents is missing from either. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { grammarForms } from '../../query/sql/functions/grammar-forms.ts';
import { chapters, functionTable } from '../../query/sql/functions/index.ts';
import { sqlFunctionsPage } from './sql-functions-page.ts';

/** The names on Druid's pages of SQL functions, one a line. */
const documented = readFileSync(new URL('../fixtures/druid-sql-functions.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n');

describe('docs/sql-functions.md', () => {
  it('is what the table says', async () => {
    await expect(sqlFunctionsPage()).toMatchFileSnapshot('../../docs/sql-functions.md');
  });

  it('has every function of the table', () => {
    const page = sqlFunctionsPage();
    for (const { syntax } of functionTable.values())
      expect(page).toContain(`| \`${syntax.replaceAll('|', '\\|')}\` |`);
  });
});

describe('the functions that Druid documents', () => {
  it.each(documented)('%s works, is refused, or is a form of the grammar', (name) => {
    const isForm = grammarForms.some((form) => form.name === name);
    expect(functionTable.has(name) !== isForm).toBe(true);
  });

  it('are named once in the table', () => {
    const names = Object.values(chapters).flatMap((entries) => entries.map(([name]) => name));
    expect(new Set(names).size).toBe(names.length);
  });
});
