/**
 * A fresh DuckDB in memory that can read exactly the given files and nothing else, write nowhere but its own private
 * folder, load nothing, and change none of that (reliability.md 4.3; the order of the settings matters). It has the functions of
 * our sketches beside DuckDB's own.
 */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';
import { addSketchFunctions } from './sketch-functions.ts';
import { literal } from './views.ts';

export type LockOptions = {
  /** Private to this instance; the caller removes it. */
  readonly folder: string;
  readonly memoryBytes: number;
  readonly spillBytesMax: number;
  readonly threads: number;
};

export class LockedInstance {
  readonly connection: DuckDBConnection;
  readonly #instance: DuckDBInstance;
  #locked = false;

  private constructor(instance: DuckDBInstance, connection: DuckDBConnection) {
    this.#instance = instance;
    this.connection = connection;
  }

  /** All but the lock, so that a process can have one ready before it knows the files. */
  static async open(options: LockOptions): Promise<LockedInstance> {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    const opened = new LockedInstance(instance, connection);
    const preparations = [
      `set TimeZone = 'UTC'`,
      `set errors_as_json = true`,
      // Druid sorts nulls as the smallest value and divides longs as longs.
      `set default_null_order = 'nulls_first_on_asc_last_on_desc'`,
      `set integer_division = true`,
      'create schema druid',
      'create schema sys',
      `set temp_directory = ${literal(options.folder)}`,
      `set home_directory = ${literal(options.folder)}`,
      `set memory_limit = '${options.memoryBytes}B'`,
      `set threads = ${options.threads}`,
      `set max_temp_directory_size = '${options.spillBytesMax}B'`,
      'set autoinstall_known_extensions = false',
      'set autoload_known_extensions = false',
      'set allow_community_extensions = false',
    ];
    await connection.run(preparations.join(';\n'));
    addSketchFunctions(connection);
    return opened;
  }

  /** From here on only these files can be read, and no setting can be changed. */
  async lock(paths: readonly string[]): Promise<void> {
    // One call: each costs half a millisecond of a query.
    await this.connection.run(
      `set allowed_paths = [${paths.map(literal).join(', ')}];
      set enable_external_access = false;
      set lock_configuration = true`,
    );
    this.#locked = true;
  }

  get locked(): boolean {
    return this.#locked;
  }

  close(): void {
    this.connection.closeSync();
    this.#instance.closeSync();
  }
}
