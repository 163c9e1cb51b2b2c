/** `HEADGATE_DEEP_STORAGE` to an adapter: `file:///folder` now; `s3://` comes with a later issue. */
import { fileURLToPath } from 'node:url';
import { HeadgateError } from '../../domain/errors.ts';
import type { DeepStorage } from './deep-storage.ts';
import { openLocalDeepStorage } from './local.ts';

export function openDeepStorage(url: string): DeepStorage {
  if (url.startsWith('file:///')) return openLocalDeepStorage(fileURLToPath(url));
  if (url.startsWith('s3://'))
    throw new HeadgateError('NOT_SUPPORTED', 'deep storage in S3 is not supported yet; use file:///folder');
  throw new HeadgateError(
    'CONFIG_INVALID',
    `deep storage address ${JSON.stringify(url)}; expected file:///folder`,
  );
}
