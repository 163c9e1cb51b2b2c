/** What real Druid makes of the records of the area `kafka` (../shared/vectors). */
import { compareArea } from './compare.ts';

compareArea('kafka', {
  pendingAtMost: 0,
  differences: [
    {
      why: 'the format kafka within itself is refused: the outer one has all that the inner one would add (docs/parity.md)',
      is: ({ id }) => id.startsWith('kafka-odd-4-'),
    },
  ],
});
