import { describe, expect, it } from 'vitest';
import { parseSupervisorSpec } from '../../../domain/spec/parse.ts';
import { renderSpec } from '../../../domain/spec/render-spec.ts';
import { changeNeeds, specDifferences } from '../../../domain/spec/spec-differences.ts';
import { aRawSpec, changed, type RawSpec } from './raw-spec.ts';

const io = 'spec.ioConfig';
const raw = aRawSpec();

function differences(after: RawSpec, before: RawSpec = raw) {
  return specDifferences(JSON.stringify(before), JSON.stringify(after));
}

function needs(after: RawSpec): string {
  const [left, right] = [parseSupervisorSpec(raw), parseSupervisorSpec(after)];
  if (left.kind === 'invalid' || right.kind === 'invalid') throw new Error('a spec that parses is needed');
  return changeNeeds(left.spec, right.spec);
}

describe('specDifferences', () => {
  it('sees none in layout, order of keys, defaults, or what a GET shows', () => {
    const { spec, type } = raw;
    const flat = { ...(spec as RawSpec), type };
    const written = changed(changed(raw, `${io}.taskDuration`, 'PT60M'), 'spec.tuningConfig', {
      type: 'kafka',
    });
    expect(differences(flat)).toEqual([]);
    expect(differences(written)).toEqual([]);
    expect(specDifferences(JSON.stringify(raw, null, 2), renderSpec(JSON.stringify(raw)))).toEqual([]);
  });

  it('gives place, both values and what it needs', () => {
    const next = changed(
      changed(raw, `${io}.taskDuration`, 'PT2H'),
      'spec.dataSchema.metricsSpec[1].fieldName',
      'cost',
    );
    expect(differences({ ...next, context: { priority: 80 }, suspended: true })).toEqual([
      {
        path: 'spec.dataSchema.metricsSpec[1].fieldName',
        before: 'price',
        after: 'cost',
        needs: 'tasks',
      },
      { path: `${io}.taskDuration`, before: 'PT3600S', after: 'PT7200S', needs: 'nothing' },
      { path: 'context', before: null, after: { priority: 80 }, needs: 'nothing' },
      { path: 'suspended', before: false, after: true, needs: 'tasks' },
    ]);
  });

  it('gives a list of another length as a whole, and no exclusions that only follow', () => {
    const next = changed(raw, 'spec.dataSchema.metricsSpec', [{ type: 'count', name: 'n' }]);
    expect(differences(next)?.map(({ path }) => path)).toEqual(['spec.dataSchema.metricsSpec']);
    const excluded = changed(raw, 'spec.dataSchema.dimensionsSpec.dimensionExclusions', ['z']);
    expect(differences(excluded)).toMatchObject([{ before: [], after: ['z'] }]);
  });

  it('sees that a secret differs, and shows none', () => {
    const withPassword = (password: string) =>
      changed(raw, `${io}.consumerProperties`, {
        'bootstrap.servers': 'b:9092',
        'security.protocol': 'SASL_SSL',
        'sasl.mechanism': 'PLAIN',
        'sasl.jaas.config': `org.apache.kafka.common.security.plain.PlainLoginModule required username="u" password="${password}";`,
      });
    const found = differences(withPassword('hush'), withPassword('quiet'));
    expect(found).toEqual([
      {
        path: `${io}.consumerProperties["sasl.jaas.config"]`,
        before: '********',
        after: '********',
        needs: 'tasks',
      },
    ]);
    expect(differences(withPassword('hush'), withPassword('hush'))).toEqual([]);
  });

  it('keeps long numbers apart', () => {
    const text = (digits: string) =>
      JSON.stringify(changed(raw, 'spec.dataSchema.transformSpec', { filter: 'F' })).replace(
        '"F"',
        `{"type":"equals","column":"n","matchValueType":"LONG","matchValue":${digits}}`,
      );
    expect(specDifferences(text('9007199254740993'), text('9007199254740992'))).toMatchObject([
      { before: '9007199254740993', after: 9007199254740992 },
    ]);
  });

  it('knows nothing of a text that is no spec', () => {
    expect(specDifferences('{}', JSON.stringify(raw))).toBeNull();
  });
});

describe('changeNeeds', () => {
  it.each<readonly [string, unknown, string]>([
    [`${io}.period`, 'PT5S', 'nothing'],
    [`${io}.taskDuration`, 'PT2H', 'nothing'],
    [`${io}.idleConfig`, { enabled: true }, 'nothing'],
    [`${io}.consumerProperties["group.id"]`, 'g', 'nothing'],
    ['spec.tuningConfig', { indexSpec: { longEncoding: 'auto' } }, 'nothing'],
    ['context', { 'a.b': 1 }, 'nothing'],
    ['suspended', true, 'nothing'],
    [`${io}.taskCount`, 2, 'tasks'],
    [`${io}.consumerProperties["client.id"]`, 'me', 'tasks'],
    ['spec.tuningConfig', { maxRowsInMemory: 7 }, 'tasks'],
    ['spec.dataSchema.granularitySpec.rollup', false, 'tasks'],
  ])('%s = %j: %s', (path, value, wanted) => {
    const next = changed(raw, path, value);
    expect(needs(next)).toBe(wanted);
    if (path === 'suspended') return;
    const found = differences(next) ?? [];
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found.map((difference) => difference.needs))).toEqual(new Set([wanted]));
  });
});
