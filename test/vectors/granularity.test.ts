/** What real Druid makes of the records of the area `granularity` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('granularity', {
  pendingAtMost: 9999,
  differences: [
    isFarTime,
    {
      why: 'recorded answers stand one record too late (the sampler gave them in another order)',
      is: ({ spec }) => spec === '@gran-object-08',
    },
  ],
});
