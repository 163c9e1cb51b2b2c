/** What real Druid makes of the records of the area `dimensions` (../shared/vectors). */
import { compareArea } from './compare.ts';

compareArea('dimensions', {
  pendingAtMost: 0,
  differences: [
    {
      why: 'integers beyond 64 bits keep their digits in string columns (vectors/README)',
      is: ({ id }) => id === 'dims-none-0019',
    },
    {
      why: 'an unknown dimension type is refused; Druid takes it for string (design 9)',
      is: ({ spec }) => spec === '@dims-odd-11',
    },
    {
      why: 'an unknown castToType is refused; Druid ignores it (design 9)',
      is: ({ spec }) => spec === '@dims-odd-14',
    },
  ],
});
