/**
 * A web page a user happens to visit must not drive this server through the user's browser (reliability.md S16):
 * requests that change something must not come from another origin, and a server for this machine only answers to
 * names of this machine.
 */
import type { FastifyRequest } from 'fastify';
import { HeadgateError } from '../domain/errors.ts';

const readMethods = new Set(['GET', 'HEAD', 'OPTIONS']);

export function checkOrigin(request: FastifyRequest, isLoopback: boolean): void {
  const host = request.headers.host ?? '';
  if (isLoopback && !/^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host))
    throw refused(
      `Host: found ${JSON.stringify(host.slice(0, 100))}, expected a loopback name; set HEADGATE_API_HOST to serve others`,
    );
  if (readMethods.has(request.method)) return;
  const origin = request.headers.origin;
  if (origin !== undefined && hostOf(origin) !== host.toLowerCase())
    throw refused(
      `Origin: found ${JSON.stringify(origin.slice(0, 100))}, expected this server's own, or none`,
    );
  const site = request.headers['sec-fetch-site'];
  if (site === 'cross-site')
    throw refused("Sec-Fetch-Site: found cross-site, expected a request of this server's own pages");
}

function hostOf(origin: string): string | null {
  try {
    return new URL(origin).host;
  } catch {
    return null;
  }
}

function refused(message: string): HeadgateError {
  return new HeadgateError('REQUEST_INVALID', message, { details: { status: 403 } });
}
