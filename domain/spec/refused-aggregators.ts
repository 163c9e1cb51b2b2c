/** Aggregators of Druid and its usual extensions that are refused: why, and what does the same here. */

export type Refusal = { readonly why: string; readonly remedy: string };

type Rule = Refusal & { readonly types: RegExp };

const hll = 'use HLLSketchBuild over the field itself';
const quantiles = 'use quantilesDoublesSketch over the field itself';

/** `docs/aggregators.md` has a row for each. */
const rules: readonly Rule[] = [
  {
    types: /^stringAny$/,
    why: 'stringAny cannot be used at ingestion, in Druid neither',
    remedy: 'use stringFirst or stringLast',
  },
  {
    types: /^(string|long|float|double)(First|Last)Fold$/,
    why: 'the pairs that Druid stores cannot be read from a stream',
    remedy: 'use the aggregator without Fold over the field itself',
  },
  {
    types: /^HLLSketch(Merge)?$/,
    why: 'sketches of DataSketches cannot be read: those made here have another form',
    remedy: hll,
  },
  {
    types: /^(quantilesDoublesSketchMerge|Kll(Doubles|Floats)Sketch(Merge)?|momentSketch(Merge)?)$/,
    why: 'there is one quantiles sketch here, and sketches made elsewhere cannot be read',
    remedy: quantiles,
  },
  {
    types:
      /^(tDigestSketch|ddSketch|spectatorHistogram\w*|(approx|fixedBuckets)Histogram(Fold)?|approximateHistogram(Fold)?|histogram)$/,
    why: 'there is one quantiles sketch here, and it is another one',
    remedy: quantiles,
  },
  {
    types: /^(hyperUnique|cardinality)$/,
    why: "Druid's own HyperLogLog is not here; HLL sketches are more exact and can be joined with each other",
    remedy: `${hll}; for several fields, put them together by a transform`,
  },
  {
    types: /^(thetaSketch|sketchBuild|sketchMerge|arrayOfDoublesSketch)$/,
    why: 'there are no theta and tuple sketches here, so no intersections and differences of sets',
    remedy: hll,
  },
  {
    types: /^(variance(Fold)?|doubleMean)$/,
    why: 'it is not stored in a column here',
    remedy:
      'store a count, a sum, and the sum of the squares by a transform, or leave rollup off and ask with VARIANCE or AVG',
  },
  {
    types: /^bloom(Merge|FilterMerge)?$/,
    why: 'there are no Bloom filters here',
    remedy: 'leave rollup off and ask with IN, or use HLLSketchBuild for counts',
  },
  {
    types: /^expression$/,
    why: 'a fold over expressions has no state that can be spilled and merged here',
    remedy: 'use a transform, and a sum, minimum or maximum with an expression',
  },
  {
    types: /^compressedBigDecimal\w*$/,
    why: 'there are no compressed decimals here',
    remedy: 'use longSum over a scaled number, or doubleSum',
  },
  {
    types: /^(grouping|singleValue|timeMin|timeMax|passthrough)$/,
    why: 'it is for queries, not for ingestion, or of an extension that is not here',
    remedy: 'use longMin or longMax over __time for times',
  },
];

export function refusalOf(type: string): Refusal | null {
  return rules.find(({ types }) => types.test(type)) ?? null;
}
