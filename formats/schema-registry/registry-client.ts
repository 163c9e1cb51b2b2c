/**
 * Schemas from a registry that speaks Confluent's protocol: by id, with the schemas they refer to.
 *
 * The URLs are tried one after the other, beginning with the one that answered last. While none answers it is tried again, ever
 * more slowly, and after a while it is an error that a later attempt mends: no record is given up for it. That a registry does not
 * know a schema is an answer, not an error. Secrets are looked up for each request and kept nowhere.
 */
import { HeadgateError, isHeadgateError, messageOf } from '../../domain/errors.ts';
import type { SchemaRegistry } from '../../domain/spec/input-format.ts';
import type { PropertyValues } from '../../domain/spec/property-value.ts';
import { getFromRegistry, type RegistryAnswer } from './registry-http.ts';

/** References replaced by what they stand for; throws a HeadgateError when one has nothing, or may not be named. */
export type ResolveSecrets = (values: PropertyValues, field: string) => Readonly<Record<string, string>>;

export type RegisteredSchema = {
  readonly kind: 'schema';
  /** AVRO, PROTOBUF, JSON. */
  readonly type: string;
  readonly text: string;
  /** What it refers to and what those refer to, each after those it needs. */
  readonly references: readonly { readonly name: string; readonly text: string }[];
};

export type NoSchema = { readonly kind: 'none'; readonly reason: string };

export type Patience = {
  readonly requestMs: number;
  /** While nothing answers. */
  readonly tryForMs: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
};

const standardPatience: Patience = {
  requestMs: 5_000,
  tryForMs: 25_000,
  firstWaitMs: 100,
  longestWaitMs: 5_000,
};

export type RegistryClientOptions = {
  readonly registry: SchemaRegistry;
  readonly resolveSecrets: ResolveSecrets;
  /** `serialized`: how registries give Protobuf schemas in binary. */
  readonly format: 'serialized' | null;
  readonly patience?: Partial<Patience>;
};

const maxReferences = 200;
const acceptHeader = 'application/vnd.schemaregistry.v1+json, application/json';

export class RegistryClient {
  readonly #options: RegistryClientOptions;
  readonly #patience: Patience;
  readonly #urls: readonly URL[];
  /** The one that answered last. */
  #preferred = 0;

  constructor(options: RegistryClientOptions) {
    this.#options = options;
    this.#patience = { ...standardPatience, ...options.patience };
    this.#urls = options.registry.urls.map((url) => new URL(url.endsWith('/') ? url : `${url}/`));
  }

  /** Rejects with a HeadgateError when no registry answers. */
  async schema(id: number): Promise<RegisteredSchema | NoSchema> {
    const found = await this.#ask(`schemas/ids/${id}`);
    if (found.kind === 'none') return found;
    const references = new Map<string, { readonly name: string; readonly text: string }>();
    const missing = await this.#collect(found.references, references, new Set());
    if (missing !== null) return missing;
    return { kind: 'schema', type: found.type, text: found.text, references: [...references.values()] };
  }

  /** Deepest first. Null: all are there. */
  async #collect(
    wanted: readonly Reference[],
    found: Map<string, { readonly name: string; readonly text: string }>,
    begun: Set<string>,
  ): Promise<NoSchema | null> {
    for (const { name, subject, version } of wanted) {
      if (begun.has(name)) continue;
      begun.add(name);
      if (begun.size > maxReferences)
        return { kind: 'none', reason: `it refers to more than ${maxReferences} schemas` };
      const part = await this.#ask(`subjects/${encodeURIComponent(subject)}/versions/${version}`);
      if (part.kind === 'none')
        return {
          kind: 'none',
          reason: `it refers to ${name.slice(0, 80)}, version ${version}: ${part.reason}`,
        };
      const missing = await this.#collect(part.references, found, begun);
      if (missing !== null) return missing;
      found.set(name, { name, text: part.text });
    }
    return null;
  }

  async #ask(path: string): Promise<SchemaAnswer | NoSchema> {
    const query = this.#options.format === null ? '' : `?format=${this.#options.format}`;
    const { status, body } = await this.#get(`${path}${query}`);
    if (status !== 200) return { kind: 'none', reason: `the registry does not have it (${status})` };
    return readAnswer(body) ?? { kind: 'none', reason: 'the registry answers something that is no schema' };
  }

  /** The first answer that is one: that something is there or is not. */
  async #get(path: string): Promise<RegistryAnswer> {
    const { tryForMs, firstWaitMs, longestWaitMs } = this.#patience;
    const startMs = performance.now();
    for (let waitMs = firstWaitMs; ; waitMs = Math.min(2 * waitMs, longestWaitMs)) {
      const result = await this.#tryAll(path);
      if ('status' in result) return result;
      const isTooLong = performance.now() - startMs + waitMs > tryForMs;
      if (isTooLong || result.isLasting) throw this.#unreachable(result.trouble);
      await new Promise((resolve) => setTimeout(resolve, waitMs).unref());
    }
  }

  async #tryAll(path: string): Promise<RegistryAnswer | Trouble> {
    let trouble: Trouble = { trouble: 'no address is known', isLasting: true };
    let isLasting = true;
    for (let tried = 0; tried < this.#urls.length; tried++) {
      const at = (this.#preferred + tried) % this.#urls.length;
      const base = this.#urls[at];
      if (base === undefined) continue;
      const answer = await this.#tryOne(base, path);
      if ('status' in answer) {
        this.#preferred = at;
        return answer;
      }
      isLasting &&= answer.isLasting;
      trouble = { trouble: `${base.host}: ${answer.trouble}`, isLasting };
    }
    return trouble;
  }

  async #tryOne(base: URL, path: string): Promise<RegistryAnswer | Trouble> {
    try {
      const headers = this.#headers();
      const answer = await getFromRegistry(new URL(path, base), {
        headers,
        timeoutMs: this.#patience.requestMs,
      });
      return troubleOf(answer.status) ?? answer;
    } catch (error) {
      // A secret that is missing is not mended by asking again.
      if (isHeadgateError(error)) throw error;
      return { trouble: messageOf(error), isLasting: false };
    }
  }

  #headers(): Record<string, string> {
    const { registry, resolveSecrets } = this.#options;
    const config = resolveSecrets(registry.config, 'config of the schema registry');
    const user = config['basic.auth.user.info'];
    const token = config['bearer.auth.token'];
    return {
      accept: acceptHeader,
      ...(user === undefined ? {} : { authorization: `Basic ${Buffer.from(user).toString('base64')}` }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...resolveSecrets(registry.headers, 'headers of the schema registry'),
    };
  }

  #unreachable(trouble: string): HeadgateError {
    const hosts = this.#urls.map(({ host }) => host);
    return new HeadgateError(
      'STREAM_SCHEMAS_UNREACHABLE',
      `schema registry ${hosts.join(', ')} cannot be asked: ${trouble}; reading waits and goes on by itself once it answers`,
      { details: { hosts } },
    );
  }
}

/** Why there is no answer. Lasting: asking again at once would not help. */
type Trouble = { readonly trouble: string; readonly isLasting: boolean };

/** Null: it is an answer. */
function troubleOf(status: number): Trouble | null {
  if (status === 401 || status === 403) {
    const trouble = `it refuses the login (${status}); check basic.auth.user.info, bearer.auth.token or headers`;
    return { trouble, isLasting: true };
  }
  if (status >= 300 && status < 400) {
    const trouble = `it answers with a redirect (${status}), which is not followed; write the address it leads to`;
    return { trouble, isLasting: true };
  }
  const isNone = status === 429 || status < 200 || status >= 500;
  return isNone ? { trouble: `it answers ${status}`, isLasting: false } : null;
}

type Reference = { readonly name: string; readonly subject: string; readonly version: number };
type SchemaAnswer = {
  readonly kind: 'answer';
  readonly type: string;
  readonly text: string;
  readonly references: readonly Reference[];
};

function readAnswer(body: string): SchemaAnswer | null {
  const answer = jsonObject(body);
  if (answer === null) return null;
  const { schema, schemaType = 'AVRO', references = [] } = answer;
  if (typeof schema !== 'string' || typeof schemaType !== 'string' || !Array.isArray(references)) return null;
  const read = references.map(readReference);
  if (read.includes(null)) return null;
  return { kind: 'answer', type: schemaType, text: schema, references: read.filter((one) => one !== null) };
}

function readReference(value: unknown): Reference | null {
  if (typeof value !== 'object' || value === null) return null;
  const { name, subject, version } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof subject !== 'string' || !Number.isSafeInteger(version)) return null;
  return { name, subject, version: version as number };
}

function jsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
