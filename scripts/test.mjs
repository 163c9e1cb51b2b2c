/**
 * `npm test`: every test there is, from a fresh clone, with the servers they need started on the way.
 *
 * Runs the checks and the vitest projects one after another (two cores are shared by servers and tests), sums up,
 * and ends with the plain line `N passed, N failed`. Exit code 1 when anything failed.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const folder = mkdtempSync(join(tmpdir(), 'headgate-test-'));
const projects =
  process.argv.slice(2).length > 0 ? process.argv.slice(2) : ['unit', 'pg', 'kafka', 'temporal', 'e2e'];
const totals = { passed: 0, failed: 0, skipped: 0 };
const lines = [];
const failures = [];

function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: 'inherit', env: process.env });
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}

async function check(name, args) {
  const started = Date.now();
  const code = await run('npm', ['run', '--silent', name, ...args]);
  totals[code === 0 ? 'passed' : 'failed'] += 1;
  lines.push(`${name}: ${code === 0 ? 'ok' : 'FAILED'} (${seconds(started)})`);
}

async function project(name) {
  const started = Date.now();
  const report = join(folder, `${name}.json`);
  const code = await run('npx', [
    'vitest',
    'run',
    '--project',
    name,
    '--passWithNoTests',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
  ]);
  let counted = { numPassedTests: 0, numFailedTests: 0, numPendingTests: 0 };
  try {
    counted = JSON.parse(readFileSync(report, 'utf8'));
  } catch {
    counted.numFailedTests = code === 0 ? 0 : 1;
  }
  // A suite that cannot even load, or a server that stays behind, fails the run without a failed test.
  const failed = counted.numFailedTests === 0 && code !== 0 ? 1 : counted.numFailedTests;
  totals.passed += counted.numPassedTests;
  totals.failed += failed;
  totals.skipped += counted.numPendingTests;
  failures.push(...failuresOf(name, counted));
  lines.push(
    `${name}: ${counted.numPassedTests} passed, ${failed} failed, ${counted.numPendingTests} skipped (${seconds(started)})`,
  );
}

/** Told again at the end, for the middle of a long log is what gets lost. */
function failuresOf(name, { testResults = [] }) {
  return testResults.flatMap(({ name: file, status, message, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length === 0)
      return status === 'failed' ? [`${name}: ${relative('.', file)}\n${message}`] : [];
    return failed.map(
      (test) => `${name}: ${relative('.', file)}: ${test.fullName}\n${test.failureMessages.join('\n')}`,
    );
  });
}

function seconds(started) {
  return `${((Date.now() - started) / 1000).toFixed(0)} s`;
}

try {
  if ((await run('node', ['scripts/build.mjs'])) !== 0) totals.failed += 1;
  if (projects.includes('unit')) {
    await check('format:check', []);
    await check('lint', []);
    await check('types', []);
  }
  for (const name of projects) await project(name);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
if (failures.length > 0) console.log(['', 'What failed:', ...failures].join('\n\n'));
console.log(['', ...lines, ''].join('\n'));
console.log(
  `${totals.passed} passed, ${totals.failed} failed${totals.skipped > 0 ? `, ${totals.skipped} skipped` : ''}`,
);
process.exitCode = totals.failed === 0 ? 0 : 1;
