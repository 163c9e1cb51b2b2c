/** How the read-only neighbours of the supervisor paths read a request and answer: text, nothing, names from the path. */
import type { FastifyReply } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';
import { sendJsonText, toJsonText } from './json-answer.ts';
import type { Answer } from './json-answer.ts';
import type { Request } from './routes.ts';

/** Lists of thousands: the engine's own serializer where no number needs more digits than it has. */
export function sendList(reply: FastifyReply, list: readonly Answer[]): FastifyReply {
  return sendJsonText(reply, `[${list.map(itemText).join(',')}]`);
}

function itemText(item: Answer): string {
  try {
    return JSON.stringify(item ?? null);
  } catch {
    return toJsonText(item);
  }
}

/** Digits of Postgres: a number where that is exact. */
export function wholeNumber(digits: string): number | bigint {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : BigInt(digits);
}

/** Druid sends some texts bare, under the type of JSON. */
export function sendText(reply: FastifyReply, text: string): FastifyReply {
  return reply.code(200).type('application/json').send(text);
}

export function sendNothing(reply: FastifyReply, status: number): FastifyReply {
  return reply.code(status).type('application/json').send('');
}

/** Postgres cannot hold a NUL, so nothing has such a name. */
export function nameIn(request: Request, parameter: string): string {
  const name = request.params[parameter] ?? '';
  if (name.includes('\0'))
    throw new HeadgateError('REQUEST_INVALID', `${parameter}: found a NUL character, expected a name`);
  return name;
}

/** Where the caller reached us: that is where leader and all else answers. */
export function ownUrl(request: Request, server: string): string {
  const host = request.headers.host ?? '';
  return `http://${/^[\w.:[\]-]{1,255}$/.test(host) ? host : server}`;
}
