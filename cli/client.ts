/** The HTTP API as the commands see it: JSON in and out, and an error that says what the server said. */
import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { HeadgateError, errorCodes, messageOf } from '../domain/errors.ts';
import type { ErrorCode, ErrorDetails } from '../domain/errors.ts';

export const defaultUrl = 'http://127.0.0.1:8888';
const timeoutMs = 330_000;

type RequestOptions = {
  readonly headers?: Readonly<Record<string, string>>;
};

export type ClientOptions = { readonly url?: string; readonly json?: boolean };

/** A subcommand that talks to the API: it has --url and --json. */
export function clientCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option('--url <url>', `address of the API (or HEADGATE_URL; default ${defaultUrl})`)
    .option('--json', 'print JSON, for programs');
}

export class ApiClient {
  readonly #base: string;

  constructor(options: ClientOptions) {
    const given = options.url ?? process.env['HEADGATE_URL'] ?? defaultUrl;
    if (!URL.canParse(given) || !/^https?:/.test(given))
      throw new HeadgateError(
        'CONFIG_INVALID',
        `--url: found ${JSON.stringify(given)}, expected such as ${defaultUrl}`,
      );
    this.#base = given.replace(/\/+$/, '');
  }

  async get<T>(path: string): Promise<T> {
    return JSON.parse(await this.text('GET', path)) as T;
  }

  async post<T>(path: string, body?: string): Promise<T> {
    return JSON.parse(await this.text('POST', path, body)) as T;
  }

  /** The body as it came: numbers keep all their digits. */
  async text(
    method: string,
    path: string,
    body?: string,
    { headers = {} }: RequestOptions = {},
  ): Promise<string> {
    const request = {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      headers: {
        ...(method === 'GET' ? {} : { 'x-headgate-by': whoAsks() }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
    };
    let response: Response;
    let text: string;
    try {
      response = await fetch(this.#base + path, request);
      text = await response.text();
    } catch (error) {
      throw unreachable(this.#base, error);
    }
    const notice = response.headers.get('x-headgate-warning');
    if (notice !== null) process.stderr.write(`warning: ${notice}\n`);
    if (response.ok) return text;
    throw answeredError(response.status, text, this.#base);
  }
}

/** Whose order it was stands in the story of the supervisor afterwards; a header takes plain letters only. */
function whoAsks(): string {
  try {
    return (
      userInfo()
        .username.replace(/[^\x21-\x7e]/g, '?')
        .slice(0, 60) || 'cli'
    );
  } catch {
    return 'cli';
  }
}

export function supervisorPath(id: string, verb = ''): string {
  return `/druid/indexer/v1/supervisor/${encodeURIComponent(id)}${verb === '' ? '' : `/${verb}`}`;
}

function unreachable(base: string, error: unknown): HeadgateError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (error instanceof Error && error.name === 'TimeoutError')
    return new HeadgateError('API_UNREACHABLE', `${base}: no answer within ${timeoutMs / 1000} s`, {
      details: { status: 504 },
    });
  const why = (cause as { code?: string }).code ?? messageOf(cause);
  return new HeadgateError(
    'API_UNREACHABLE',
    `${base}: cannot be reached (${why}); start it with \`headgate dev\`, or name another with --url or HEADGATE_URL`,
  );
}

function answeredError(status: number, text: string, base: string): HeadgateError {
  const body = parsed(text);
  const context = isObject(body['context']) ? body['context'] : {};
  const message = body['errorMessage'] ?? body['error'] ?? `${base}: answered ${status} without saying why`;
  const code = body['headgateCode'] ?? context['headgateCode'] ?? body['errorCode'];
  const details: ErrorDetails = {
    status,
    ...(typeof context['limit'] === 'string' ? { limit: context['limit'] } : {}),
  };
  return new HeadgateError(isOurCode(code) ? code : 'REQUEST_INVALID', String(message), { details });
}

export function isOurCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(errorCodes, code);
}

export function parsed(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : {};
  } catch {
    return {};
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
