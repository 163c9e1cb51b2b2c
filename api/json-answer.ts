/** JSON text with `bigint` as bare digits: stream positions exceed what a JavaScript number holds (protocol.md 1). */
import type { FastifyReply } from 'fastify';

export type Answer =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | readonly Answer[]
  | { readonly [key: string]: Answer };

/** Members that are `undefined` are left out, as everywhere in JSON. */
export function toJsonText(value: Answer): string {
  if (typeof value === 'bigint') return value.toString();
  if (Array.isArray(value)) return `[${value.map((item: Answer) => toJsonText(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value as { readonly [key: string]: Answer })
      .filter(([, item]) => item !== undefined)
      .map(([key, item]) => `${JSON.stringify(key)}:${toJsonText(item)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value ?? null);
}

export function sendJson(reply: FastifyReply, value: Answer, status = 200): FastifyReply {
  return reply.code(status).type('application/json').send(toJsonText(value));
}

/** For text that is JSON already. */
export function sendJsonText(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).type('application/json').send(text);
}
