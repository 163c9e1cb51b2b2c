/** What a chaos run does to a running Headgate. Each fault returns when it is done; everything killed comes back by itself. */
import type { DevStack } from '../../stack/dev-stack.ts';
import type { IdProducer } from './id-producer.ts';
import { waitFor } from './wait-for.ts';

export type Fault = {
  readonly name: string;
  readonly strike: (dev: DevStack, producer: IdProducer) => Promise<void>;
};

/** SIGKILL of the `index`th ingest worker. */
export function killIngest(index: number): Fault {
  return {
    name: `kill -9 ingest worker ${index + 1}`,
    strike: async (dev) => dev.kill('ingest', 'SIGKILL', index),
  };
}

export const killControl: Fault = {
  name: 'kill -9 control worker',
  strike: async (dev) => dev.kill('control', 'SIGKILL'),
};

export const killApi: Fault = { name: 'kill -9 api', strike: async (dev) => dev.kill('api', 'SIGKILL') };

export const killTemporal: Fault = {
  name: 'kill -9 Temporal',
  strike: async (dev) => dev.kill('temporal', 'SIGKILL'),
};

export const killPostgres: Fault = {
  name: 'kill -9 Postgres',
  strike: async (dev) => dev.kill('postgres', 'SIGKILL'),
};

/** The producer rests meanwhile: its own retries across a broker's death could write an id twice, which is not ours to undo. */
export const killKafka: Fault = {
  name: 'kill -9 Kafka',
  strike: async (dev, producer) => {
    await producer.pause();
    const before = dev.describe().pids.kafka;
    dev.kill('kafka', 'SIGKILL');
    await waitFor(() => dev.describe().pids.kafka !== before && dev.describe().pids.kafka !== null, {
      what: 'Kafka to be started again',
      timeoutMs: 60_000,
    });
    producer.resume();
  },
};

/** Past the heartbeat timeout (10 s) of its activities, so that others have taken over when it thaws. */
export function freezeIngest(index: number, forMs = 25_000): Fault {
  return {
    name: `SIGSTOP ingest worker ${index + 1} for ${forMs / 1000} s`,
    strike: async (dev) => {
      const pid = dev.describe().pids.ingest[index];
      if (pid === undefined) throw new Error(`no ingest worker ${index + 1} to freeze`);
      process.kill(pid, 'SIGSTOP');
      await new Promise((resolve) => setTimeout(resolve, forMs));
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // It was killed while it was frozen: that is a fault too.
      }
    },
  };
}
