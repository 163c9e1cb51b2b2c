/**
 * The schema of a database as text, from its catalogs: `storage/schema.sql` is such a dump (pg_dump may not be there).
 *
 * Tables with columns, constraints and indexes, triggers, and for each function its signature, where it is defined last,
 * and a digest of its text: a change shows, without repeating the text.
 */
import type { Database } from '../../storage/call.ts';
import { readMigrations } from '../../storage/migrate.ts';

export async function dumpSchema(database: Database): Promise<string> {
  const parts = [
    '-- The schema after all migrations, for reading and for the difference in a review. Made from the catalogs of a',
    '-- fresh database: `npx vitest run --project pg test/storage/schema --update`. Never edited, never executed.',
    '',
    ...(await linesOf(
      database,
      `select format('create domain %s as %s %s;', t.typname, format_type(t.typbasetype, t.typtypmod),
         string_agg(pg_get_constraintdef(c.oid), ' ' order by c.conname)) as line
       from pg_type t left join pg_constraint c on c.contypid = t.oid
       where t.typtype = 'd' and t.typnamespace = 'public'::regnamespace group by t.oid order by t.typname`,
    )),
  ];
  for (const table of await linesOf(
    database,
    `select relname as line from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1`,
  ))
    parts.push('', ...(await dumpTable(database, table)));
  parts.push('', ...(await dumpFunctions(database)), '');
  return parts.join('\n');
}

async function dumpTable(database: Database, table: string): Promise<string[]> {
  const columns = await linesOf(
    database,
    `select format('  %s %s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
       case when co.collname = 'C' then ' collate "C"' else '' end,
       case when a.attidentity <> '' then ' generated always as identity'
         when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end,
       case when a.attnotnull then ' not null' else '' end) as line
     from pg_attribute a
     left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
     left join pg_collation co on co.oid = a.attcollation
     where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped order by a.attnum`,
    table,
  );
  // Not-null constraints have rows of their own from Postgres 18 on; the columns say it already.
  const constraints = await linesOf(
    database,
    `select format('  constraint %s %s', conname, pg_get_constraintdef(oid)) as line from pg_constraint
     where conrelid = $1::regclass and contype <> 'n' order by contype desc, conname`,
    table,
  );
  const indexes = await linesOf(
    database,
    `select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i
     where i.indrelid = $1::regclass and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid
       and c.conrelid = i.indrelid)
     order by 1`,
    table,
  );
  const triggers = await linesOf(
    database,
    `select pg_get_triggerdef(oid) || ';' as line from pg_trigger
     where tgrelid = $1::regclass and not tgisinternal order by tgname`,
    table,
  );
  return [`create table ${table} (`, [...columns, ...constraints].join(',\n'), ');', ...indexes, ...triggers];
}

async function dumpFunctions(database: Database): Promise<string[]> {
  const migrations = readMigrations();
  const { rows } = await database.query(
    `select proname, format('function %s(%s) returns %s', proname, pg_get_function_arguments(oid),
       pg_get_function_result(oid)) as signature, left(md5(prosrc), 8) as digest
     from pg_proc where pronamespace = 'public'::regnamespace order by proname`,
  );
  return rows.map((row) => {
    const defining = migrations.findLast(({ sql }) => sql.includes(`function ${String(row['proname'])}(`));
    return `-- ${String(row['signature'])} [${defining?.name ?? 'unknown'} ${String(row['digest'])}]`;
  });
}

async function linesOf(database: Database, sql: string, table?: string): Promise<string[]> {
  const { rows } = await database.query(sql, table === undefined ? [] : [table]);
  return rows.map((row) => String(row['line']));
}
