/**
 * `npm run fuzz`: damaged record batches and damaged records of every format, a million cases, in a process of its own that
 * is watched: a case that takes longer than ten seconds, memory beyond the bound, or a throw ends the run with 1 and its seed.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { fuzzBatch } from './fuzz-batches.ts';
import { fuzzFormat } from './fuzz-formats.ts';
import { Random } from './random.ts';

const stepCases = 1_000;
const patienceMs = 10_000;
const heapMb = 512;
const residentMb = 1_000;
const mebibyte = 1024 * 1024;

type Plan = { readonly cases: number; readonly seed: number };
type Step = { readonly done: number; readonly seed: number; readonly resident: number };

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: '20261121' },
    child: { type: 'boolean', default: false },
  },
});
const plan: Plan = { cases: Number(values.cases), seed: Number(values.seed) };
if (values.child) run(plan);
else watch(plan);

/** Each step has a seed of its own, so that a failure can be seen again without the steps before it. */
function run({ cases, seed }: Plan): void {
  for (let done = 0; done < cases; done += stepCases) {
    const step: Step = { done, seed: seed + done, resident: process.memoryUsage.rss() / mebibyte };
    process.send?.(step);
    const random = new Random(step.seed);
    for (let at = 0; at < stepCases; at += 1) {
      if (random.whole(2) === 0) fuzzBatch(random);
      else fuzzFormat(random);
    }
  }
}

function watch({ cases, seed }: Plan): void {
  const started = performance.now();
  const child = fork(import.meta.filename, ['--child', `--cases=${cases}`, `--seed=${seed}`], {
    execArgv: [...process.execArgv, `--max-old-space-size=${heapMb}`],
  });
  let step: Step = { done: 0, seed, resident: 0 };
  let largest = 0;
  const give = (why: string): void => {
    child.kill('SIGKILL');
    console.error(`\n${why}, in the cases of --seed ${step.seed} --cases ${stepCases}`);
    process.exitCode = 1;
  };
  let timer = setTimeout(() => give('it did not start'), 6 * patienceMs);
  child.on('message', (next: Step) => {
    clearTimeout(timer);
    timer = setTimeout(() => give(`no step for ${patienceMs / 1_000} s`), patienceMs);
    step = next;
    largest = Math.max(largest, step.resident);
    if (step.resident > residentMb)
      give(`${Math.round(step.resident)} MB are resident, more than ${residentMb}`);
    if (process.stderr.isTTY) process.stderr.write(`\r${next.done} of ${cases} cases`);
  });
  child.on('exit', (code, signal) => {
    clearTimeout(timer);
    if (process.exitCode === 1) return;
    if (code !== 0) return give(`it ended with ${signal ?? `status ${code}`}`);
    const seconds = Math.round((performance.now() - started) / 1_000);
    console.log(
      `${cases} cases in ${seconds} s, ${Math.round(largest)} MB resident at most: none threw, hung or was counted wrongly`,
    );
  });
}
