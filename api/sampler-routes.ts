/** `POST /druid/indexer/v1/sampler`: a preview of what ingestion would do. Nothing is stored. */
import { sendJsonText } from './json-answer.ts';
import { requireBody } from './routes.ts';
import type { Route } from './routes.ts';
import { readSamplerRequest } from './sampler/sampler-request.ts';
import type { Sampler } from './sampler/take-sample.ts';

/** A spec and inline data. */
const bodyBytesMax = 16 * 1024 * 1024;

export function samplerRoutes(sampler: Sampler): Route[] {
  return [
    {
      method: 'POST',
      path: '/druid/indexer/v1/sampler',
      bodyLimit: bodyBytesMax,
      handle: async (request, reply) => {
        const order = readSamplerRequest(requireBody(request).value);
        return sendJsonText(reply, await sampler.take(order));
      },
    },
  ];
}
