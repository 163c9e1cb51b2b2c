/** Writes docs/spec-fields.md from the tables of fields and of client properties. */
import { consumerProperties, propertyFamilies } from '../../domain/spec/consumer-properties.ts';
import { specFields, type FieldClass, type SpecField } from '../../domain/spec/fields.ts';

const words: Readonly<Record<FieldClass, string>> = {
  works: 'works',
  noEffect: 'no effect',
  refused: 'refused',
  later: 'later',
};

const chapters: readonly (readonly [title: string, prefix: string])[] = [
  ['Top level', ''],
  ['dataSchema', 'dataSchema'],
  ['ioConfig', 'ioConfig'],
  ['tuningConfig', 'tuningConfig'],
];

export function specFieldsPage(): string {
  return `# Spec fields

Every field that Druid documents for Kafka supervisor specs, and what becomes of it here. Made from \`domain/spec/fields.ts\` by
\`npx vitest run --project unit test/docs -u\`; a test keeps the two equal.

| Class | Means |
| --- | --- |
| works | Does what Druid's does, unless its row says otherwise. |
| no effect | Accepted with a warning: it changes nothing here, and the row says why. |
| later | Refused by name: not supported yet. |
| refused | Refused by name for good: it would change the rows stored, their shape, or a promise. |

- A spec is \`{"type": "kafka", "spec": {"dataSchema": ..., "ioConfig": ..., "tuningConfig": ...}}\`, or flat, without \`spec\` around the three.
- A field that is null, empty or at its default asks for nothing and is accepted in every class. What Druid answers to a GET can be posted here.
- A field that Druid does not document is ignored with a warning that proposes the nearest known name.
- Numbers and booleans may be written as texts (\`"2"\`, \`"true"\`). Periods are ISO 8601 of fixed length (\`PT1H\`, \`P1DT12H\`, \`P1W\`, \`PT0.5S\`); a plain number means milliseconds, with a warning.
- All problems of a spec are reported at once, each with its path, what was found and what was expected. Secrets are never repeated.
- The posted text is stored as it came. Secrets in it read \`********\` in every answer.

${chapters.map(chapter).join('\n')}
${propertiesChapter()}`;
}

function chapter([title, prefix]: readonly [string, string]): string {
  const fields = specFields.filter((field) =>
    prefix === ''
      ? !/^(dataSchema|ioConfig|tuningConfig)\b/.test(field.path)
      : field.path.split(/[.[]/)[0] === prefix,
  );
  return `## ${title}

| Field | Class | Default | Meaning |
| --- | --- | --- | --- |
${fields.map(row).join('\n')}
`;
}

function row(field: SpecField): string {
  const standard =
    field.default === undefined ? (field.required ? 'required' : '') : code(JSON.stringify(field.default));
  const why = field.why === undefined ? '' : ` *${sentence(field.why)}*`;
  return `| ${code(field.path)} | ${words[field.class]} | ${standard} | ${cell(field.meaning)}${cell(why)} |`;
}

function propertiesChapter(): string {
  const rows = consumerProperties.map((known) => {
    const values = known.values === undefined ? '' : ` One of ${known.values.map(code).join(', ')}.`;
    return `| ${code(known.key)} | ${words[known.class]} | ${cell(known.meaning + values)} |`;
  });
  const families = propertyFamilies.map(
    (family) => `| ${code(family.pattern.source)} | ${cell(sentence(family.meaning))} |`,
  );
  return `## consumerProperties

Only these keys are known; any other is refused by name. Client properties have been a way to read files, to call other hosts and to load code.

| Key | Class | Meaning |
| --- | --- | --- |
${rows.join('\n')}

Any value but those of \`bootstrap.servers\` and \`isolation.level\` may be a provider,
\`{"type": "environment", "variable": "KAFKA_PASSWORD"}\`: see [kafka-security.md](kafka-security.md).

Whole families of keys are refused, as patterns, in this order:

| Keys | Why |
| --- | --- |
${families.join('\n')}
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
