/** The schedules of the model test over real Postgres: every answer of every call must be the model's. */
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkInvariants } from '../../storage/invariants.ts';
import { storeSupervisorVersion } from '../../storage/supervisors.ts';
import { type TestDatabase, createTestDatabase } from '../support/database.ts';
import { ledgerFaults } from './ledger.ts';
import { ModelStore } from './model-store.ts';
import { postgresStore } from './postgres-store.ts';
import type { AsyncStore, Lease } from './safety-store.ts';
import { type Step, World, schedule, tapes } from './schedule.ts';

const seed = Number(process.env['SEED'] ?? 20260702);
const runs = Number(process.env['SCHEDULES'] ?? 300);
let home: TestDatabase;
let pool: pg.Pool;

beforeAll(async () => {
  home = await createTestDatabase();
  // Durability is not what is tested here; without it a schedule takes a fraction of the time.
  pool = new pg.Pool({ connectionString: home.url, max: 1, options: '-c synchronous_commit=off' });
});

afterAll(async () => {
  await pool.end();
  await home.drop();
});

let counter = 0;

it(`answers as the model does in ${runs} schedules`, { timeout: 600_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(tapes, async (tape) => {
      const supervisorId = `s${++counter}`;
      await storeSupervisorVersion(pool, {
        supervisorId,
        dataSource: supervisorId,
        specText: '{}',
        by: 'test',
        desired: 'running',
      });
      const model = new ModelStore(supervisorId);
      const world = new World(supervisorId, tape, new Map());
      await compare(world, model, postgresStore(pool, supervisorId));
      expect(ledgerFaults(model, world.files)).toEqual([]);
    }),
    // Finding a shorter schedule takes minutes here: SHRINK=1 asks for it.
    { seed, numRuns: runs, endOnFailure: process.env['SHRINK'] === undefined },
  );
  const checks = await checkInvariants(pool, { halt: false });
  expect(checks.filter((check) => !check.ok)).toEqual([]);
});

async function compare(world: World, model: ModelStore, postgres: AsyncStore): Promise<void> {
  const leases = new Map<string, Lease>();
  const steps = schedule(world);
  const history: string[] = [];
  let turn = steps.next();
  while (turn.done !== true) {
    let answer: unknown;
    if (turn.value.name !== 'pause') {
      answer = callOf(model, turn.value);
      const other = await callOf(postgres, withLease(turn.value, leases));
      history.push(`${turn.value.name} ${JSON.stringify(turn.value.input)}`);
      rememberLease(leases, answer, other);
      if (!isDeepStrictEqual(withoutToken(answer), withoutToken(other)))
        throw new Error(
          `${history.slice(-12).join('\n')}\nmodel: ${JSON.stringify(answer)}\npostgres: ${JSON.stringify(other)}`,
        );
    }
    turn = steps.next(answer);
  }
}

function callOf(store: ModelStore | AsyncStore, step: Step): unknown {
  const method = store[step.name] as (input: unknown) => unknown;
  return method.call(store, step.input);
}

/** Tokens are random in Postgres: the model's name stands for it. */
function withLease(step: Step, leases: ReadonlyMap<string, Lease>): Step {
  if (!('lease' in step.input)) return step;
  const lease = leases.get(step.input.lease.token);
  return { name: step.name, input: { ...step.input, lease } } as unknown as Step;
}

function rememberLease(leases: Map<string, Lease>, model: unknown, postgres: unknown): void {
  const ours = leaseOf(model);
  const theirs = leaseOf(postgres);
  if (ours !== null && theirs !== null) leases.set(ours.token, theirs);
}

function leaseOf(answer: unknown): Lease | null {
  return typeof answer === 'object' && answer !== null && 'lease' in answer ? (answer.lease as Lease) : null;
}

function withoutToken(answer: unknown): unknown {
  const lease = leaseOf(answer);
  return lease === null ? answer : { ...(answer as object), lease: { ...lease, token: '' } };
}
