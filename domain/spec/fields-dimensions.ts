/** The `dataSchema.dimensionsSpec` rows of the field table (fields.ts). */
import type { SpecField } from './fields.ts';

export const dimensionFields: readonly SpecField[] = [
  {
    path: 'dataSchema.dimensionsSpec',
    class: 'works',
    meaning: 'The columns rows are grouped by. None: all fields are discovered.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions',
    class: 'works',
    default: [],
    meaning:
      'Names or objects, in sort order. Empty: every field that is not excluded becomes a dimension, of type string or, with useSchemaDiscovery, auto.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].type',
    class: 'works',
    default: 'string',
    meaning:
      'string, long, float, double, json or auto. Druid reads an unknown type as string; here it is refused.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].name',
    class: 'works',
    required: true,
    meaning: 'The column and the input field.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].multiValueHandling',
    class: 'works',
    default: 'sorted_array',
    meaning: 'What becomes of an array in a string dimension: sorted_array, sorted_set or array.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].createBitmapIndex',
    class: 'noEffect',
    default: true,
    meaning: 'Whether a bitmap index is written.',
    why: 'segments are Parquet files, which have dictionaries and statistics and no bitmaps',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].maxStringLength',
    class: 'works',
    meaning: 'Longer texts of a string dimension are cut to so many characters (UTF-16 units).',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].castToType',
    class: 'works',
    meaning:
      'The type an auto dimension is stored with: LONG, DOUBLE, STRING, an ARRAY of these or COMPLEX<json>. Druid ignores an unknown one; here it is refused.',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensions[].formatVersion',
    class: 'noEffect',
    meaning: 'The storage format of a json dimension.',
    why: 'segments are Parquet files; a json dimension is a column of JSON texts',
  },
  {
    path: 'dataSchema.dimensionsSpec.dimensionExclusions',
    class: 'works',
    default: [],
    meaning: 'Fields that are never discovered; must not be listed as dimensions too.',
  },
  {
    path: 'dataSchema.dimensionsSpec.spatialDimensions',
    class: 'refused',
    default: [],
    meaning: 'Points made of several fields (deprecated in Druid).',
    why: 'there are no spatial columns; list the coordinates as double dimensions',
  },
  {
    path: 'dataSchema.dimensionsSpec.includeAllDimensions',
    class: 'works',
    default: false,
    meaning: 'Discovered fields are added after the listed ones, by name.',
  },
  {
    path: 'dataSchema.dimensionsSpec.useSchemaDiscovery',
    class: 'works',
    default: false,
    meaning:
      'Discovered fields become auto dimensions, lists and objects too. Also with a list of dimensions; those keep their types.',
  },
  {
    path: 'dataSchema.dimensionsSpec.forceSegmentSortByTime',
    class: 'works',
    default: true,
    meaning:
      'False: rows of a segment are sorted by the dimensions in their order, with __time (type long) where it is listed, or behind all that are listed.',
  },
];
