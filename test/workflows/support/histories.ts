/** Recorded histories: kept without what names a machine, replayed for ever. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Client } from '@temporalio/client';
import { historyFromJSON, historyToJSON } from '@temporalio/common/lib/proto-utils.js';

const folder = fileURLToPath(new URL('../../fixtures/histories/', import.meta.url));

export type Recorded = {
  readonly name: string;
  readonly workflowId: string;
  readonly history: ReturnType<typeof historyFromJSON>;
};

export function recordedHistories(): Recorded[] {
  return readdirSync(folder)
    .filter((file) => /\.json(\.gz)?$/.test(file))
    .map((file) => {
      const bytes = readFileSync(folder + file);
      const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
      const { workflowId, history } = JSON.parse(text) as { workflowId: string; history: unknown };
      return { name: file.replace(/\.json(\.gz)?$/, ''), workflowId, history: historyFromJSON(history) };
    });
}

export async function fetchHistory(client: Client, workflowId: string, runId?: string): Promise<unknown> {
  const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
  return scrubbed(JSON.parse(historyToJSON(history)));
}

export function keepHistory(name: string, workflowId: string, history: unknown): void {
  writeFileSync(`${folder}${name}.json`, `${JSON.stringify({ workflowId, history })}\n`);
}

/** Long ones: of a run of the random operator (test/operator). */
export function keepPacked(name: string, workflowId: string, history: unknown): void {
  writeFileSync(`${folder}${name}.json.gz`, gzipSync(JSON.stringify({ workflowId, history }), { level: 9 }));
}

/** Identities and stack traces name machines and folders, and play no part in a replay. */
function scrubbed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(scrubbed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== 'stackTrace')
      .map(([key, inner]) => [key, key === 'identity' ? 'worker' : scrubbed(inner)]),
  );
}
