/** What real Druid makes of the records of the area `errors` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('errors', {
  pendingAtMost: 0,
  differences: [
    isFarTime,
    {
      why: 'longSum is exact: a sum beyond int64 is two rows (vectors/README)',
      is: ({ id }) => id === 'err-metrics-rollup-0018',
    },
  ],
});
