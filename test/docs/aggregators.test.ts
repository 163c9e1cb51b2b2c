/** docs/aggregators.md has every aggregator, with the verdict that a spec gets. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { metricTypes } from '../../domain/spec/parse-metrics.ts';
import { refusalOf } from '../../domain/spec/refused-aggregators.ts';

const page = readFileSync(new URL('../../docs/aggregators.md', import.meta.url), 'utf8');

function listed(verdict: string): string[] {
  const rows = page.split('\n').filter((line) => line.includes(`| ${verdict} |`));
  return rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([A-Za-z]+)`/g)].map(([, name]) => name ?? ''),
  );
}

/** Of Druid 33 and its extensions, as its own message lists them, and what its documentation has beside. */
const druidTypes =
  'HLLSketch HLLSketchBuild HLLSketchMerge KllDoublesSketch KllDoublesSketchMerge KllFloatsSketch KllFloatsSketchMerge arrayOfDoublesSketch cardinality count doubleAny doubleFirst doubleLast doubleMax doubleMean doubleMin doubleSum expression filtered floatAny floatFirst floatLast floatMax floatMin floatSum grouping histogram hyperUnique javascript longAny longFirst longLast longMax longMin longSum quantilesDoublesSketch quantilesDoublesSketchMerge singleValue sketchBuild sketchMerge stringAny stringFirst stringFirstFold stringLast stringLastFold thetaSketch tDigestSketch momentSketch momentSketchMerge ddSketch spectatorHistogram spectatorHistogramTimer spectatorHistogramDistribution approxHistogram approxHistogramFold fixedBucketsHistogram variance varianceFold bloom bloomMerge compressedBigDecimal timeMin timeMax passthrough'.split(
    ' ',
  );

describe('docs/aggregators.md', () => {
  it('lists what works', () => {
    expect(listed('works').sort()).toEqual([...metricTypes, 'filtered'].sort());
  });

  it('lists as refused what is refused', () => {
    for (const type of listed('refused').filter((name) => !['Fold', 'Merge', 'javascript'].includes(name)))
      expect(refusalOf(type), type).not.toBeNull();
  });
});

describe('the aggregators of Druid', () => {
  it.each(druidTypes)('%s works or is refused with a reason and something instead', (type) => {
    const works = [...metricTypes, 'filtered'].some((known) => known === type);
    // JavaScript is refused wherever it stands (domain/spec/raw.ts).
    expect(works || type === 'javascript').toBe(refusalOf(type) === null);
  });
});
