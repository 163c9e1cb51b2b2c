/** What real Druid makes of the records of the area `flatten` (../shared/vectors). */
import { compareArea } from './compare.ts';

compareArea('flatten', {
  pendingAtMost: 9999,
  differences: [],
});
