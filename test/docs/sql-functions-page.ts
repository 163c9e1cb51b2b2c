/** Writes docs/sql-functions.md from the table of functions. */
import type { FunctionEntry } from '../../query/sql/function-table.ts';
import { grammarForms } from '../../query/sql/functions/grammar-forms.ts';
import { chapters } from '../../query/sql/functions/index.ts';

export function sqlFunctionsPage(): string {
  return `# SQL functions

Every function that Druid documents for SQL, and what becomes of it here. Made from \`query/sql/functions\` by
\`npx vitest run --project unit test/docs/sql-functions -u\`; a test keeps the two equal.

- **works**: gives what Druid gives, unless its row says otherwise.
- **refused**: an error that names the function and the reason.
- Any other name is an error: \`No match found for function signature\`.
- Names may be written in upper or lower case. Arguments in brackets may be left out.
- Periods, patterns, units, time zones, paths and subnets must be literals.
- A function of a text is applied to each value of a multi-value dimension; the functions with \`MV_\` and \`ARRAY_\` take all values at once.
- Lengths, places and times are exact. Aggregates are exact unless their row says \`Approximate\`.

${Object.entries(chapters)
  .map(([title, entries]) => chapter(title, entries))
  .join('\n')}
## Forms of the grammar

Documented by Druid as functions, but no names to call.

| Form | Remarks |
| --- | --- |
${grammarForms.map(({ syntax, note }) => `| ${code(syntax)} | ${cell(note)} |`).join('\n')}
`;
}

function chapter(title: string, entries: readonly (readonly [string, FunctionEntry])[]): string {
  const rows = entries.map(([, entry]) =>
    entry.verdict === 'works'
      ? `| ${code(entry.syntax)} | works | ${cell(entry.note)} |`
      : `| ${code(entry.syntax)} | refused | ${cell(sentence(entry.reason))} |`,
  );
  return `## ${title}

| Function | Verdict | Remarks |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function code(text: string): string {
  return `\`${cell(text)}\``;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
