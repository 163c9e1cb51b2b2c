/** What real Druid makes of the records of the area `transform` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('transform', {
  pendingAtMost: 9999,
  differences: [isFarTime],
});
