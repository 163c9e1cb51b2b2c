/**
 * The files of visible segments as paths that DuckDB can open: each compared with what was published before it is answered
 * from. A file that is missing or holds other bytes is SEGMENT_CORRUPT and named, and its query has no answer.
 */
import { isHeadgateError } from '../../domain/errors.ts';
import type { DeepStorage } from '../../segments/deep-storage/deep-storage.ts';
import { FetchedFiles } from './fetched-files.ts';
import type { PublishedFile } from './file-problem.ts';
import { FilesInPlace } from './files-in-place.ts';

export type SegmentFilesOptions = {
  readonly storage: DeepStorage;
  /** For copies, when deep storage is not local; nobody else may use it. */
  readonly folder: string;
  readonly cacheBytesMax: number;
  /** True: `storage.locate` gives files of this machine. */
  readonly isLocal: boolean;
  /** Told of every file found corrupt, so that others need not find it again. */
  readonly onCorrupt?: (segmentId: string, problem: string) => void;
};

export type OpenFiles = {
  readonly paths: ReadonlyMap<string, string>;
  /** The files may go from now on. Once is enough; twice does no harm. */
  readonly release: () => void;
};

export class SegmentFiles {
  readonly #options: SegmentFilesOptions;
  readonly #inPlace: FilesInPlace;
  readonly #fetched: FetchedFiles;

  constructor(options: SegmentFilesOptions) {
    this.#options = options;
    this.#inPlace = new FilesInPlace(options.storage);
    this.#fetched = new FetchedFiles({
      storage: options.storage,
      folder: options.folder,
      bytesMax: options.cacheBytesMax,
    });
  }

  /** By segment id. All or an error. */
  async open(files: readonly PublishedFile[]): Promise<OpenFiles> {
    try {
      if (!this.#options.isLocal) return await this.#fetched.open(files);
      return { paths: await this.#inPlace.open(files), release: () => undefined };
    } catch (error) {
      this.#tell(error);
      throw error;
    }
  }

  #tell(error: unknown): void {
    if (!isHeadgateError(error) || error.code !== 'SEGMENT_CORRUPT') return;
    const { segmentId, problem } = error.details;
    if (typeof segmentId === 'string' && typeof problem === 'string')
      this.#options.onCorrupt?.(segmentId, problem);
  }
}
