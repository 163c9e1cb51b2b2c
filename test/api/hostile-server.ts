/** A server of which only the SQL door is real: whatever else is asked of it fails. */
import type { ApiDeps } from '../../api/server.ts';
import type { Store } from '../../api/store.ts';
import { aSystem } from '../query/system-world.ts';

export function serverOver(engine: ApiDeps['engine']): ApiDeps {
  const nothing = async (): Promise<never> => {
    throw new Error('this test asks for SQL only');
  };
  return {
    engine,
    store: new Proxy({}, { get: () => nothing }) as Store,
    tasks: new Proxy({}, { get: () => nothing }) as ApiDeps['tasks'],
    readMetrics: async () => nothing(),
    starter: { notify: nothing, order: nothing, close: async () => {} },
    dataSourceNames: nothing,
    version: '0.0.0',
    system: aSystem(),
    properties: {},
    isLoopback: true,
    secretEnvPrefixes: [],
  };
}
