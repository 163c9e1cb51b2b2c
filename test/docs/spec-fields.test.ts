/** docs/spec-fields.md is the table of fields: `-u` writes it, a plain run compares. */
import { describe, expect, it } from 'vitest';
import { specFields } from '../../domain/spec/fields.ts';
import { specFieldsPage } from './spec-fields-page.ts';

describe('docs/spec-fields.md', () => {
  it('is what the tables say', async () => {
    await expect(specFieldsPage()).toMatchFileSnapshot('../../docs/spec-fields.md');
  });

  it('has every field', () => {
    const page = specFieldsPage();
    for (const field of specFields) expect(page).toContain(`| \`${field.path}\` |`);
  });
});
