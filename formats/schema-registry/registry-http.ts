/**
 * One GET to a schema registry. What it may reach and how much it may take is bounded here: http and https only, no redirect is
 * followed, no answer longer than a limit is kept, and the address a name stands for is looked at when the connection is made - not
 * before, so that a name cannot mean one host for the check and another for the connection (reliability.md S1).
 *
 * Refused are addresses that no registry has and that answer for the machine itself: link-local ones, where clouds keep their
 * credentials, multicast, and the unspecified address.
 */
import { lookup, type LookupAddress, type LookupAllOptions } from 'node:dns';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BlockList, isIP, type LookupFunction } from 'node:net';

export type RegistryAnswer = { readonly status: number; readonly body: string };

export type GetOptions = {
  readonly headers: Readonly<Record<string, string>>;
  /** For the whole of it. */
  readonly timeoutMs: number;
};

const maxBodyBytes = 4 * 1024 * 1024;

/** Rejects with an Error in words fit for users; they name no header and no path. */
export async function getFromRegistry(url: URL, { headers, timeoutMs }: GetOptions): Promise<RegistryAnswer> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isRefused(host)) throw notAllowed(host);
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const answer = await sent(url, headers, signal);
    return { status: answer.statusCode ?? 0, body: await bodyOf(answer) };
  } catch (error) {
    if (signal.aborted) throw new Error(`no answer within ${timeoutMs / 1000} s`, { cause: error });
    throw error;
  }
}

function sent(url: URL, headers: GetOptions['headers'], signal: AbortSignal): Promise<IncomingMessage> {
  const request = url.protocol === 'https:' ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    request(url, { headers, signal, agent: false, lookup: checked }, resolve).on('error', reject).end();
  });
}

async function bodyOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.byteLength;
    if (bytes > maxBodyBytes) {
      answer.destroy();
      throw new Error(`the answer is longer than ${maxBodyBytes} bytes`);
    }
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

type Resolve = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** All addresses of a name must be allowed: which one is taken is not ours to say. */
export function checkedLookup(resolve: Resolve): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses) => {
      const found = error === null ? addresses : [];
      const refused = found.find(({ address }) => isRefused(address));
      if (error !== null) callback(error, '', 0);
      else if (refused !== undefined) callback(notAllowed(refused.address), '', 0);
      else if (options.all === true) (callback as (error: null, all: LookupAddress[]) => void)(null, found);
      else callback(null, found[0]?.address ?? '', found[0]?.family ?? 0);
    });
  };
}

const checked = checkedLookup(lookup);

const refusedAddresses = new BlockList();
refusedAddresses.addSubnet('169.254.0.0', 16, 'ipv4');
refusedAddresses.addSubnet('0.0.0.0', 8, 'ipv4');
refusedAddresses.addSubnet('224.0.0.0', 3, 'ipv4');
refusedAddresses.addSubnet('fe80::', 10, 'ipv6');
refusedAddresses.addSubnet('ff00::', 8, 'ipv6');
refusedAddresses.addAddress('::', 'ipv6');
refusedAddresses.addAddress('fd00:ec2::254', 'ipv6');

export function isRefused(address: string): boolean {
  return refusedAddresses.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function notAllowed(address: string): Error {
  return new Error(`the address ${address} is not that of a registry and is not connected to`);
}
