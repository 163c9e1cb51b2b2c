/** The SQL functions as Postgres holds them, and how to install one with a guard taken out of it. */
import type { Database } from '../../storage/call.ts';

const blocks = /^[ ]*-- guard: ([a-z-]+)\n([\s\S]*?)^[ ]*-- end guard\n/gm;

/** Every guard there is: [function, guard]. */
export async function guardsInDatabase(database: Database): Promise<[string, string][]> {
  const { rows } = await database.query(
    `select proname, prosrc from pg_proc where proname like 'headgate\\_%' order by proname`,
  );
  return rows.flatMap((row) =>
    [...String(row['prosrc']).matchAll(blocks)].map((match): [string, string] => [
      String(row['proname']),
      match[1] ?? '',
    ]),
  );
}

/** Replaces the function by one without these guards. In a transaction it is gone with the rollback. */
export async function removeGuards(
  database: Database,
  functionName: string,
  names: readonly string[],
): Promise<void> {
  const { rows } = await database.query(
    `select pg_get_functiondef(oid) as source from pg_proc where proname = $1`,
    [functionName],
  );
  const source = String(rows[0]?.['source']);
  const missing = new Set(names);
  const without = source.replace(blocks, (block, name: string) => {
    if (!missing.delete(name)) return names.includes(name) ? '' : block;
    return '';
  });
  if (missing.size > 0) throw new Error(`${functionName} has no guard ${[...missing].join(', ')}`);
  await database.query(without);
}
