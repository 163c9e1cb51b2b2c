/** What real Druid makes of the records of the area `kafka` (../shared/vectors). */
import { compareArea } from './compare.ts';

compareArea('kafka', {
  pendingAtMost: 9999,
  differences: [],
});
