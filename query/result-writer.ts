/**
 * Rows to the text of one of Druid's five result formats, chunk by chunk, counting rows and bytes as it goes.
 *
 * The recorded answers fix the details: an array format ends with a line break, a line format with an empty line.
 */
import type { DuckDBValue } from '@duckdb/node-api';
import { limitExceeded } from './limits.ts';
import type { ResultOptions } from './messages.ts';
import type { SqlType } from './sql/typed-sql.ts';
import { druidTypes, jsonText, plainText, shownAs } from './values.ts';
import type { Cell } from './values.ts';

export type ResultColumn = { readonly name: string; readonly type: SqlType };

export type WriterOptions = ResultOptions & { readonly timeZone: string };

/** Text is handed on in pieces of about this many characters. */
const pieceSize = 256 * 1024;

export class ResultWriter {
  readonly #options: WriterOptions;
  readonly #names: readonly string[];
  /** Of columns whose values are not shown as they are. */
  readonly #shows: readonly (readonly [at: number, show: (value: DuckDBValue) => Cell])[];
  readonly #send: (bytes: Uint8Array) => void;
  readonly #limits: { readonly rowsMax: number; readonly resultBytesMax: number };
  readonly #isArray: boolean;
  #pending: string[] = [];
  #pendingSize = 0;
  #bytes = 0;
  #entries = 0;
  #rows = 0;

  constructor(
    columns: readonly ResultColumn[],
    options: WriterOptions,
    limits: { readonly rowsMax: number; readonly resultBytesMax: number },
    send: (bytes: Uint8Array) => void,
  ) {
    this.#options = options;
    this.#names = columns.map((column) => JSON.stringify(column.name));
    this.#shows = columns.flatMap(({ type }, at) => {
      const show = shownAs(type);
      return show === null ? [] : [[at, show] as const];
    });
    this.#send = send;
    this.#limits = limits;
    this.#isArray = options.format === 'object' || options.format === 'array';
    if (this.#isArray) this.#push('[');
    for (const entry of headerEntries(columns, options)) this.#entry(entry);
  }

  get rows(): number {
    return this.#rows;
  }

  row(values: readonly DuckDBValue[]): void {
    this.#rows++;
    if (this.#rows > this.#limits.rowsMax)
      throw limitExceeded(
        'rows',
        `the result has more than ${this.#limits.rowsMax} rows; add LIMIT, filter, or aggregate`,
      );
    this.#entry(this.#rowText(this.#shows.length === 0 ? values : this.#shown(values)));
  }

  end(): void {
    this.#push(this.#isArray ? ']\n' : '\n');
    this.#flush();
  }

  #shown(values: readonly DuckDBValue[]): Cell[] {
    const shown: Cell[] = [...values];
    for (const [at, show] of this.#shows) shown[at] = show(values[at] ?? null);
    return shown;
  }

  #rowText(values: readonly Cell[]): string {
    switch (this.#options.format) {
      case 'csv':
        return values.map((value) => csvCell(plainText(value, this.#options.timeZone))).join(',');
      case 'array':
      case 'arrayLines':
        return `[${values.map((value) => jsonText(value, this.#options)).join(',')}]`;
      default:
        return `{${values.map((value, index) => `${this.#names[index]}:${jsonText(value, this.#options)}`).join(',')}}`;
    }
  }

  #entry(text: string): void {
    if (this.#isArray) this.#push(this.#entries === 0 ? text : `,${text}`);
    else this.#push(`${text}\n`);
    this.#entries++;
  }

  #push(text: string): void {
    this.#pending.push(text);
    this.#pendingSize += text.length;
    if (this.#pendingSize >= pieceSize) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending.join(''));
    this.#pending = [];
    this.#pendingSize = 0;
    this.#bytes += bytes.length;
    if (this.#bytes > this.#limits.resultBytesMax)
      throw limitExceeded(
        'bytes',
        `the result is larger than ${this.#limits.resultBytesMax} bytes; add LIMIT, select fewer columns, or aggregate`,
      );
    if (bytes.length > 0) this.#send(bytes);
  }
}

function headerEntries(columns: readonly ResultColumn[], options: ResultOptions): string[] {
  if (!options.header) return [];
  const types = columns.map((column) => ({ name: column.name, ...druidTypes(column.type) }));
  const lists = [
    types.map((column) => column.name),
    ...(options.typesHeader ? [types.map((column) => column.native)] : []),
    ...(options.sqlTypesHeader ? [types.map((column) => column.sql)] : []),
  ];
  if (options.format === 'csv') return lists.map((list) => list.map(csvCell).join(','));
  if (options.format === 'array' || options.format === 'arrayLines')
    return lists.map((list) => JSON.stringify(list));
  const cells = types.map((column) => {
    const facts = {
      ...(options.typesHeader ? { type: column.native } : {}),
      ...(options.sqlTypesHeader ? { sqlType: column.sql } : {}),
    };
    const value = options.typesHeader || options.sqlTypesHeader ? JSON.stringify(facts) : 'null';
    return `${JSON.stringify(column.name)}:${value}`;
  });
  return [`{${cells.join(',')}}`];
}

function csvCell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
