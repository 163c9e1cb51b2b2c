/**
 * Turns the TypeScript sources into `dist/`, file by file, and prebuilds the workflow bundle.
 *
 * Does nothing when nothing changed since the last build, so every npm script may call it first.
 * Types are not checked here (`npm run types` does): a build must stay quick enough for `npm ci`.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, 'dist');
const sourceFolders = [
  'domain',
  'workflows',
  'activities',
  'workers',
  'streams',
  'formats',
  'segments',
  'storage',
  'query',
  'api',
  'cli',
  'stack',
];
const copiedEndings = ['.sql', '.xml', '.json', '.properties'];
/** What can end up in the workflow bundle; anything else changing leaves the bundle as it is. */
const bundledFolders = ['domain', 'workflows'];

function filesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function digestOf(paths) {
  const hash = createHash('sha256');
  for (const path of [...paths].sort())
    hash.update(relative(root, path)).update('\0').update(readFileSync(path)).update('\0');
  return hash.digest('hex');
}

function emit(path) {
  const target = join(dist, relative(root, path));
  mkdirSync(dirname(target), { recursive: true });
  if (!path.endsWith('.ts')) return copyFileSync(path, target);
  const output = transformSync(readFileSync(path, 'utf8'), {
    loader: 'ts',
    format: 'esm',
    target: 'node20',
    sourcemap: 'external',
    sourcefile: relative(dirname(target), path),
  });
  const targetJs = target.replace(/\.ts$/, '.js');
  // esbuild leaves import paths alone; sources import './x.ts', the output must import './x.js'.
  const code = output.code.replace(/((?:from|import)\s*\(?\s*["']\.{1,2}\/[^"']+)\.ts(["'])/g, '$1.js$2');
  writeFileSync(targetJs, `${code}//# sourceMappingURL=${targetJs.split('/').pop()}.map\n`);
  writeFileSync(`${targetJs}.map`, output.map);
}

async function bundleWorkflows() {
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = { trace() {}, debug() {}, info() {}, warn: console.error, error: console.error, log() {} };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(dist, 'workflows', 'index.js'),
    logger: quiet,
  });
  writeFileSync(join(dist, 'workflow-bundle.js'), code);
}

function stamp(name, digest) {
  const path = join(dist, `.${name}-digest`);
  const fresh = existsSync(path) && readFileSync(path, 'utf8') === digest;
  return { fresh, write: () => writeFileSync(path, digest) };
}

export async function build() {
  const sources = sourceFolders
    .flatMap((folder) => filesBelow(join(root, folder)))
    .filter(
      (path) =>
        (path.endsWith('.ts') && !path.endsWith('.d.ts')) ||
        copiedEndings.some((ending) => path.endsWith(ending)),
    );
  const self = fileURLToPath(import.meta.url);
  const all = stamp('sources', digestOf([...sources, self, join(root, 'package.json')]));
  if (all.fresh) return;
  const bundled = sources.filter((path) =>
    bundledFolders.some((folder) => path.startsWith(join(root, folder, '/'))),
  );
  const bundle = stamp('bundle', digestOf([...bundled, self, join(root, 'package-lock.json')]));
  for (const folder of sourceFolders) rmSync(join(dist, folder), { recursive: true, force: true });
  for (const path of sources) emit(path);
  copyFileSync(join(root, 'package.json'), join(dist, 'package.json'));
  if (!bundle.fresh && existsSync(join(dist, 'workflows', 'index.js'))) {
    await bundleWorkflows();
    bundle.write();
  }
  all.write();
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) await build();
