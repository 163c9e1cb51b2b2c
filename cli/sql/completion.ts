/**
 * What may follow at the cursor: tables after FROM and JOIN, columns of the tables the statement names, functions and
 * keywords, in the case that is being typed. Names that need quotes get them.
 */
import { offeredKeywords, reservedWords, writtenName } from './keywords.ts';
import { scan } from './scan.ts';
import type { Piece } from './scan.ts';
import type { SchemaNames, TableName } from './schema-names.ts';

/** As node:readline wants it: what may stand instead of the last word, and that word. */
export type Completions = [hits: string[], word: string];

type Source = TableName & { readonly alias: string | null };

const ownSchema = 'druid';

/** `before` is the whole statement up to the cursor, `after` the rest of it. */
export async function complete(before: string, after: string, names: SchemaNames): Promise<Completions> {
  const pieces = [...scan(before)].filter((piece) => piece.kind !== 'comment' || !piece.isClosed);
  const last = pieces.at(-1);
  if (last !== undefined && !last.isClosed && last.kind !== 'quoted') return [[], ''];
  const word = last?.kind === 'word' || last?.kind === 'quoted' ? last.text : '';
  const left = (word === '' ? pieces : pieces.slice(0, -1)).filter((piece) => piece.kind !== 'space');
  // Without the word itself: an open quote would swallow what follows.
  const others = [...scan(before.slice(0, before.length - word.length)), ...scan(after)];
  const sources = sourcesOf(others.filter(isMeaningful));
  if (left.at(-1)?.text === '.')
    return [startingWith(word, await namesWithin(nameOf(left.at(-2)), sources, names)), word];
  if (wantsTable(left)) return [startingWith(word, await tableNames(names)), word];
  if (word === '') return [await columnNames(sources, names), word];
  const columns = startingWith(word, await columnNames(sources, names));
  if (last?.kind === 'quoted') return [columns, word];
  return [[...columns, ...(await callsAndKeywords(word, names))], word];
}

/** After `x.`: columns of the table or alias x, tables of the schema x. */
async function namesWithin(
  qualifier: string,
  sources: readonly Source[],
  names: SchemaNames,
): Promise<string[]> {
  const found = sources.filter(({ alias, name }) => qualifier === (alias ?? name));
  if (found.length > 0) return columnNames(found, names);
  const tables = await names.tables();
  return tables
    .filter(({ schema }) => schema.toLowerCase() === qualifier.toLowerCase())
    .map((table) => writtenName(table.name));
}

async function tableNames(names: SchemaNames): Promise<string[]> {
  const tables = await names.tables();
  const own = tables.filter(({ schema }) => schema === ownSchema).map(({ name }) => writtenName(name));
  const others = tables.filter(({ schema }) => schema !== ownSchema);
  return [...own, ...others.map(({ schema, name }) => `${schema}.${writtenName(name)}`)];
}

async function columnNames(sources: readonly Source[], names: SchemaNames): Promise<string[]> {
  const lists = await Promise.all(sources.map((source) => names.columns(source)));
  return [...new Set(lists.flat())].map(writtenName);
}

async function callsAndKeywords(word: string, names: SchemaNames): Promise<string[]> {
  const isLower = word === word.toLowerCase();
  const calls = (await names.functions()).filter((name) => /^\w+$/.test(name)).map((name) => `${name}(`);
  const all = startingWith(word, [...calls, ...offeredKeywords]);
  return [...new Set(all.map((hit) => (isLower ? hit.toLowerCase() : hit.toUpperCase())))];
}

/** A name that has to be quoted is found without its quotes too. */
function startingWith(word: string, candidates: readonly string[]): string[] {
  const wanted = word.replace(/^"/, '').toLowerCase();
  const matching = candidates.filter((candidate) =>
    candidate.replace(/^"/, '').toLowerCase().startsWith(wanted),
  );
  if (!word.startsWith('"')) return matching;
  return matching.map((hit) => (hit.startsWith('"') ? hit : `"${hit}"`));
}

/** A name is wanted when FROM, JOIN, or a comma of the FROM clause stands before. */
function wantsTable(left: readonly Piece[]): boolean {
  const last = left.at(-1)?.text.toUpperCase();
  if (last === 'FROM' || last === 'JOIN') return true;
  if (last !== ',') return false;
  const clause = left.findLast(
    (piece) => piece.kind === 'word' && clauseWords.has(piece.text.toUpperCase()),
  )?.text;
  return clause?.toUpperCase() === 'FROM';
}

const clauseWords = new Set(['SELECT', 'FROM', 'WHERE', 'GROUP', 'ORDER', 'HAVING', 'LIMIT', 'ON', 'WITH']);

/** Every `FROM x`, `JOIN s.x AS y`, `, x y` of the text; subqueries and their tables are not told apart. */
function sourcesOf(pieces: readonly Piece[]): Source[] {
  const sources: Source[] = [];
  for (let at = 0; at < pieces.length; at++) {
    if (!wantsTable(pieces.slice(Math.max(0, at - 200), at)) || !isName(pieces[at])) continue;
    const isSchema = pieces[at + 1]?.text === '.';
    const isQualified = isSchema && isName(pieces[at + 2]);
    // The table is still being typed.
    if (isSchema && !isQualified) continue;
    const end = isQualified ? at + 3 : at + 1;
    const aliasAt = pieces[end]?.text.toUpperCase() === 'AS' ? end + 1 : end;
    sources.push({
      schema: isQualified ? nameOf(pieces[at]) : ownSchema,
      name: nameOf(pieces[isQualified ? at + 2 : at]),
      alias: isName(pieces[aliasAt]) ? nameOf(pieces[aliasAt]) : null,
    });
    at = end - 1;
  }
  return sources;
}

function isName(piece: Piece | undefined): boolean {
  if (piece?.kind === 'quoted') return piece.isClosed;
  return piece?.kind === 'word' && !reservedWords.has(piece.text.toUpperCase());
}

function nameOf(piece: Piece | undefined): string {
  const text = piece?.text ?? '';
  return piece?.kind === 'quoted' ? text.slice(1, -1).replaceAll('""', '"') : text;
}

function isMeaningful(piece: Piece): boolean {
  return piece.kind !== 'space' && piece.kind !== 'comment';
}
