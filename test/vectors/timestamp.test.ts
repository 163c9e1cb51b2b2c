/** What real Druid makes of the records of the area `timestamp` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('timestamp', {
  pendingAtMost: 0,
  differences: [
    isFarTime,
    {
      why: "the time that Druid's thread remembered from another spec (vectors/README): the pattern reads only a quote",
      is: ({ id }) => id === 'ts-pattern-15-0001',
    },
  ],
});
