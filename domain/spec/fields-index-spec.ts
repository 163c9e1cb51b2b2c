/** The rows of Druid's two index specs in the field table (fields.ts): formats of segments that we do not write. */
import type { SpecField } from './fields.ts';

const compressions = ['lz4', 'lzf', 'zstd', 'uncompressed'] as const;

export function indexSpecFields(
  name: 'indexSpec' | 'indexSpecForIntermediatePersists',
): readonly SpecField[] {
  const path = `tuningConfig.${name}`;
  const why = 'segments are Parquet files with their own encodings, compressed with zstd';
  return [
    {
      path,
      class: 'noEffect',
      meaning:
        name === 'indexSpec' ? "The format of Druid's segments." : "The format of Druid's persisted rows.",
      why,
    },
    {
      path: `${path}.bitmap`,
      class: 'noEffect',
      default: { type: 'roaring' },
      meaning: 'Bitmap indexes.',
      why,
    },
    {
      path: `${path}.bitmap.type`,
      class: 'refused',
      default: 'roaring',
      values: ['roaring', 'concise'],
      meaning: 'The kind of bitmap.',
      why: 'Concise bitmaps are not written by anything here',
    },
    {
      path: `${path}.bitmap.compressRunOnSerialization`,
      class: 'noEffect',
      default: true,
      meaning: 'Compresses runs.',
      why,
    },
    {
      path: `${path}.dimensionCompression`,
      class: 'noEffect',
      default: 'lz4',
      values: compressions,
      meaning: 'Compression of dimensions.',
      why,
    },
    {
      path: `${path}.metricCompression`,
      class: 'noEffect',
      default: 'lz4',
      values: [...compressions, 'none'],
      meaning: 'Compression of metrics.',
      why,
    },
    {
      path: `${path}.longEncoding`,
      class: 'noEffect',
      default: 'longs',
      values: ['longs', 'auto'],
      meaning: 'Encoding of longs.',
      why,
    },
    {
      path: `${path}.stringDictionaryEncoding`,
      class: 'noEffect',
      default: { type: 'utf8' },
      open: true,
      meaning: 'Encoding of dictionaries.',
      why,
    },
    ...[
      'complexMetricCompression',
      'jsonCompression',
      'autoColumnFormatSpec',
      'stringColumnFormatSpec',
      'metadataCompression',
      'segmentLoader',
    ].map((key): SpecField => ({
      path: `${path}.${key}`,
      class: 'noEffect',
      open: true,
      meaning: 'A detail of the format.',
      why,
    })),
  ];
}
