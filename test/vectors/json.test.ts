/** What real Druid makes of the records of the area `json` (../shared/vectors). */
import { compareArea, isFarTime } from './compare.ts';

compareArea('json', {
  pendingAtMost: 0,
  differences: [
    isFarTime,
    {
      why: 'integers beyond 64 bits keep their digits in string columns (vectors/README)',
      is: ({ id }) => /^json-string-00(60|62|63|64)$|^json-found-0015$/.test(id),
    },
    {
      why: 'doubles have the shortest digits, as Java prints them since 19; the recordings are of Java 17',
      is: ({ id }) => id === 'json-string-0066',
    },
    {
      why: 'UTF-8 is checked: UTF-16, UTF-32, surrogates and long forms written in UTF-8 are unparseable (design 7)',
      is: ({ id }) =>
        /^jsontext-(plain-01(65|66|67|73|74|75)|nodes-00(65|66|68)|nulls-004[23]|found-0021)$/.test(id),
    },
  ],
});
