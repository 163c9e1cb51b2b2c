/** What real Druid makes of the records of the area `aggregators` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('aggregators', {
  pendingAtMost: 0,
  differences: [
    isFarTime,
    {
      why: 'longSum is exact: a sum beyond int64 is two rows (vectors/README)',
      is: ({ id }) => /^agg-basic-many-00(14|15|16|22|23|39)$/.test(id),
    },
    {
      why: 'integers beyond 64 bits keep their digits in texts (vectors/README)',
      is: ({ id }) => /^agg-first-one-005[12]$/.test(id),
    },
  ],
});
