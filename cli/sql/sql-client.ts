/**
 * `POST /druid/v2/sql` as it is typed by people: the answer as it arrives, a query stopped by its id, and an error with
 * its place in the statement.
 */
import { HeadgateError, messageOf } from '../../domain/errors.ts';
import type { ErrorDetails } from '../../domain/errors.ts';
import { ApiClient, defaultUrl, isObject, isOurCode, parsed } from '../client.ts';
import type { ClientOptions } from '../client.ts';

export type SqlParameter = { readonly type: string; readonly value: string | number | boolean | null };

export type SqlBody = {
  readonly query: string;
  readonly resultFormat: string;
  readonly header: boolean;
  readonly context: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly SqlParameter[];
};

export type SqlAnswer = {
  readonly text: AsyncIterable<string>;
  /** What the answer lacks, as the server says it; `null` when it is whole. */
  readonly incomplete: string | null;
};

const sqlPath = '/druid/v2/sql';
/** The longest query there may be, and some for the way. */
const firstByteMs = 330_000;

export class SqlClient {
  readonly #base: string;
  readonly #api: ApiClient;

  constructor(options: ClientOptions) {
    // It refuses what is no address.
    this.#api = new ApiClient(options);
    this.#base = (options.url ?? process.env['HEADGATE_URL'] ?? defaultUrl).replace(/\/+$/, '');
  }

  async run(body: SqlBody, signal: AbortSignal): Promise<SqlAnswer> {
    // The time limit ends with the first byte: rows may take as long as the reader of our output likes.
    const limit = new AbortController();
    const timer = setTimeout(() => limit.abort(), firstByteMs);
    try {
      const response = await fetch(this.#base + sqlPath, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.any([signal, limit.signal]),
      });
      if (!response.ok) throw answeredError(response.status, await response.text(), this.#base);
      return {
        text: this.#read(response.body),
        incomplete: response.headers.get('x-headgate-incomplete'),
      };
    } catch (error) {
      if (limit.signal.aborted) throw tooLate(this.#base);
      throw error instanceof HeadgateError || signal.aborted ? error : this.#unreachable(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether there was such a query to stop. */
  async cancel(id: string): Promise<boolean> {
    try {
      await this.#api.text('DELETE', `${sqlPath}/${encodeURIComponent(id)}`);
      return true;
    } catch (error) {
      if (error instanceof HeadgateError && error.details['status'] === 404) return false;
      throw error;
    }
  }

  async *#read(body: AsyncIterable<Uint8Array> | null): AsyncGenerator<string> {
    const decoder = new TextDecoder();
    try {
      for await (const bytes of body ?? []) yield decoder.decode(bytes, { stream: true });
    } catch (error) {
      throw this.#unreachable(error);
    }
  }

  #unreachable(error: unknown): HeadgateError {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = (cause as { code?: string }).code ?? messageOf(cause);
    if (why === 'UND_ERR_HEADERS_TIMEOUT') return tooLate(this.#base);
    return new HeadgateError(
      'API_UNREACHABLE',
      `${this.#base}: cannot be reached (${why}); start it with \`headgate dev\`, or name another with --url or HEADGATE_URL`,
    );
  }
}

function tooLate(base: string): HeadgateError {
  return new HeadgateError('API_UNREACHABLE', `${base}: no answer within 5 minutes`, {
    details: { status: 504 },
  });
}

/** Druid's error body, and ours from before the statement was looked at. */
function answeredError(status: number, text: string, base: string): HeadgateError {
  const body = parsed(text);
  const context = isObject(body['context']) ? body['context'] : {};
  const message = body['errorMessage'] ?? body['error'] ?? `${base}: answered ${status} without saying why`;
  const code = context['headgateCode'] ?? body['errorCode'];
  const details: ErrorDetails = { status, ...texts(context, ['limit', 'line', 'column']) };
  return new HeadgateError(isOurCode(code) ? code : 'REQUEST_INVALID', String(message), { details });
}

function texts(from: Record<string, unknown>, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (typeof from[name] === 'string' ? [[name, from[name]]] : [])),
  );
}
