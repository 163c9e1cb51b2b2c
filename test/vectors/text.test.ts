/** What real Druid makes of the records of the area `text` (../shared/vectors). */
import { compareArea } from './compare.ts';

compareArea('text', { pendingAtMost: 0, differences: [] });
