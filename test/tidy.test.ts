/** The house rules that a machine can check: who may import whom, banned words, file sizes, one title per document. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Tracked and new files, so that a rule bites before the commit. */
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((path) => path !== '');
const sources = files.filter(
  (path) => path.endsWith('.ts') && !path.startsWith('test/') && !path.endsWith('.config.ts'),
);

/** Folder -> what it may import: folders of ours, and the packages that are not free for all. */
const matrix: Record<string, { folders: readonly string[]; temporal?: readonly string[]; node?: boolean }> = {
  domain: { folders: ['domain'] },
  workflows: { folders: ['domain', 'workflows', 'activities'], temporal: ['workflow', 'common'] },
  activities: {
    folders: [
      'domain',
      'workflows/contract.ts',
      'workflows/failure.ts',
      'activities',
      'streams',
      'formats',
      'segments',
      'storage',
    ],
    temporal: ['activity', 'common', 'client'],
    node: true,
  },
  streams: { folders: ['domain', 'streams'], node: true },
  formats: { folders: ['domain', 'formats'], node: true },
  segments: { folders: ['domain', 'segments'], node: true },
  storage: { folders: ['domain', 'storage'], node: true },
  query: { folders: ['domain', 'query', 'storage', 'segments'], node: true },
  workers: {
    folders: [
      'domain',
      'workflows/contract.ts',
      'workflows/failure.ts',
      'activities',
      'streams',
      'formats',
      'segments',
      'storage',
      'query',
      'api',
      'workers',
    ],
    temporal: ['worker', 'client', 'common'],
    node: true,
  },
  api: {
    folders: [
      'domain',
      'workflows/contract.ts',
      'workflows/failure.ts',
      'storage',
      'query',
      'formats',
      'segments',
      'streams',
      'api',
    ],
    temporal: ['client', 'common'],
    node: true,
  },
  cli: {
    folders: ['domain', 'workers', 'stack', 'cli', 'storage', 'segments', 'streams', 'formats'],
    temporal: ['client'],
    node: true,
  },
  stack: { folders: ['domain', 'stack'], temporal: ['client'], node: true },
  bench: {
    folders: [
      'domain',
      'workers',
      'stack',
      'storage',
      'streams',
      'formats',
      'segments',
      'activities',
      'query',
      'workflows/contract.ts',
      'bench',
    ],
    // `testing`: an activity can be timed without a server.
    temporal: ['client', 'common', 'testing'],
    node: true,
  },
};

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

function importsOf(path: string): Import[] {
  const text = readFileSync(join(root, path), 'utf8');
  const found: Import[] = [];
  for (const match of text.matchAll(
    /^(?:import|export)\s+(type\s+)?(?:[^'"]*?\sfrom\s+)?['"]([^'"]+)['"]/gm,
  )) {
    found.push({ from: path, to: match[2] ?? '', typeOnly: match[1] !== undefined });
  }
  for (const match of text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]\s*\)/g)) {
    found.push({ from: path, to: match[1] ?? '', typeOnly: false });
  }
  return found;
}

const allImports = sources.flatMap(importsOf);

function isAllowed(edge: Import): boolean {
  const folder = edge.from.split('/')[0] ?? '';
  const rule = matrix[folder];
  if (rule === undefined) return false;
  if (edge.to.startsWith('.')) {
    const target = normalize(join(dirname(edge.from), edge.to));
    const allowed = rule.folders.some((entry) => target === entry || target.startsWith(`${entry}/`));
    if (folder === 'workflows' && target.startsWith('activities/')) return edge.typeOnly;
    return allowed;
  }
  if (edge.to.startsWith('@temporalio/')) {
    return (rule.temporal ?? []).includes(edge.to.split('/')[1] ?? '') || (edge.typeOnly && folder === 'cli');
  }
  if (edge.to.startsWith('node:')) return rule.node === true;
  if (folder === 'domain') return edge.to === 'zod' && edge.from.startsWith('domain/spec/parse');
  return folder !== 'workflows';
}

describe('the house rules', () => {
  it('lets a folder import only what the matrix in design.md 4 and style 3.2 allows', () => {
    const wrong = allImports.filter((edge) => !isAllowed(edge)).map((edge) => `${edge.from} -> ${edge.to}`);
    expect(wrong).toEqual([]);
  });

  it('keeps clocks and randomness out of domain/', () => {
    const banned = /\bDate\.now\(|\bMath\.random\(|\bnew Date\(\)|\bperformance\.now\(|\bprocess\./;
    const wrong = sources.filter(
      (path) => path.startsWith('domain/') && banned.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(wrong).toEqual([]);
  });

  it('has no folder or file named for nothing in particular', () => {
    const banned = /(^|\/)(utils?|common|lib|helpers?|types|services?|managers?|misc)(\/|\.ts$)/;
    expect(files.filter((path) => banned.test(path))).toEqual([]);
  });

  it('has no source file past 400 code lines', () => {
    const long = sources.filter((path) => {
      const lines = readFileSync(join(root, path), 'utf8').split('\n');
      return lines.filter((line) => !/^\s*($|\/\/|\/?\*)/.test(line)).length > 400;
    });
    expect(long).toEqual([]);
  });

  it('opens every source file with a comment that says what it guarantees', () => {
    const silent = sources.filter(
      (path) => !/^(#!.*\n)?\s*(\/\*|\/\/)/.test(readFileSync(join(root, path), 'utf8')),
    );
    expect(silent).toEqual([]);
  });

  it('leaves no dead file: every source is imported, an entry point, or started as a process or thread', () => {
    const entries = new Set(['cli/main.ts', 'workflows/index.ts', 'activities/index.ts']);
    const imported = new Set(
      allImports
        .filter((edge) => edge.to.startsWith('.'))
        .map((edge) => normalize(join(dirname(edge.from), edge.to))),
    );
    const everything = files
      .filter((path) => /\.(ts|mjs|json)$/.test(path))
      .map((path) => readFileSync(join(root, path), 'utf8'))
      .join('\n');
    const dead = sources.filter((path) => {
      if (entries.has(path) || imported.has(path) || path.startsWith('bench/')) return false;
      const name = (path.split('/').pop() ?? '').replace(/\.ts$/, '');
      return !new RegExp(`['"\`/]${name}\\.(js|ts)\\b|commands/${name}\\b`).test(everything);
    });
    expect(dead).toEqual([]);
  });

  it('gives every document exactly one title', () => {
    const documents = files.filter((path) => path.endsWith('.md'));
    const wrong = documents.filter((path) => {
      const outsideCode = readFileSync(join(root, path), 'utf8').replace(/```[\s\S]*?```/g, '');
      return (outsideCode.match(/^# /gm) ?? []).length !== 1;
    });
    expect(wrong).toEqual([]);
  });

  it('pins every dependency exactly, and all of Temporal to one version', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Record<
      string,
      Record<string, string>
    >;
    const all = { ...manifest['dependencies'], ...manifest['devDependencies'] };
    expect(
      Object.entries(all).filter(([, version]) => !/^\d+\.\d+\.\d+([-.+][\w.-]+)?$/.test(version)),
    ).toEqual([]);
    const temporal = Object.entries(all).filter(([name]) => name.startsWith('@temporalio/'));
    expect(new Set(temporal.map(([, version]) => version)).size).toBe(1);
  });

  it('records no download address in the lock file', () => {
    expect(readFileSync(join(root, 'package-lock.json'), 'utf8')).not.toMatch(/"resolved": "http/);
  });

  it("carries no path of somebody's machine", () => {
    const wrong = files
      .filter(
        (path) =>
          /\.(ts|mjs|md|json|ya?ml|sql|sh)$|^\.ci\/|Dockerfile/.test(path) && path !== 'package-lock.json',
      )
      .filter((path) =>
        /(^|[^A-Za-z0-9_.-])\/(work|farm|root)\//m.test(readFileSync(join(root, path), 'utf8')),
      );
    expect(wrong).toEqual([]);
  });
});
