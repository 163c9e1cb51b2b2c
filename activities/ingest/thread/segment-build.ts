/**
 * Merges one sequence that was read to its ends into segment files, slice by slice. The rows in memory stay where they
 * are: a checkpoint may still need them before the commit.
 */
import type { Json } from '../../../domain/json.ts';
import type { DataSchema } from '../../../domain/spec/spec.ts';
import { buildSegments } from '../../../segments/build-segments.ts';
import type { SegmentFile } from '../../../segments/build-segments.ts';
import type { RowIndex } from '../../../segments/row-index.ts';
import { SlicedSteps } from './sliced-steps.ts';

export type SegmentBuildOptions = {
  readonly schema: DataSchema;
  readonly spills: readonly string[];
  readonly memory: readonly RowIndex[];
  readonly folder: string;
  readonly header: Json;
  /** The slice is over and another one is wanted. */
  readonly onSlice: () => void;
  readonly onBuilt: (files: readonly SegmentFile[]) => void;
  readonly onFailed: (error: unknown) => void;
};

export type SegmentBuild = SlicedSteps<readonly SegmentFile[]>;

export function segmentBuild(options: SegmentBuildOptions): SegmentBuild {
  const { schema, spills, memory, folder, header, onSlice, onBuilt, onFailed } = options;
  return new SlicedSteps({
    steps: buildSegments({ schema, spills, memory, folder, header }),
    onSlice,
    onDone: onBuilt,
    onFailed,
  });
}
