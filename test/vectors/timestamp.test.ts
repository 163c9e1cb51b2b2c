/** What real Druid makes of the records of the area `timestamp` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('timestamp', {
  pendingAtMost: 9999,
  differences: [isFarTime],
});
