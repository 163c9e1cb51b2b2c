/** docs/expressions.md is the registry of functions: `-u` writes it, a plain run compares. */
import { describe, expect, it } from 'vitest';
import { applyFunctions } from '../../formats/expression/apply-functions.ts';
import { functions, refusedFunctions } from '../../formats/expression/registry.ts';
import { documentedFunctions, expressionsPage } from './expressions-page.ts';

describe('docs/expressions.md', () => {
  it('is what the registry says', async () => {
    await expect(expressionsPage()).toMatchFileSnapshot('../../docs/expressions.md');
  });

  it('has a verdict for every function that Druid documents', () => {
    const known = new Set([
      ...Object.keys(functions),
      ...Object.keys(applyFunctions),
      ...refusedFunctions.keys(),
    ]);
    const missing = Object.values(documentedFunctions)
      .flat()
      .filter((name) => !known.has(name));
    expect(missing).toEqual([]);
  });

  it('has every function of the registry, and none both ways', () => {
    const page = expressionsPage();
    for (const name of [...Object.keys(functions), ...refusedFunctions.keys()])
      expect(page).toContain(`| \`${name}\``);
    expect([...refusedFunctions.keys()].filter((name) => Object.hasOwn(functions, name))).toEqual([]);
  });
});
