/** What notices of control rows say, whatever a supervisor is called. */
import { expect, test } from 'vitest';
import { readControlNotice } from '../../storage/control-notices.ts';

const label = 'clicks/group-0/3';

test.each([
  [label, { label, notice: { kind: 'look' } }],
  [`${label}#pause:2:17`, { label, notice: { kind: 'pause', ordinal: 2, requestNo: 17 } }],
  [`${label}#answered:17:3`, { label, notice: { kind: 'answered', requestNo: 17, answers: 3 } }],
  [`${label}#something:1:2`, { label: `${label}#something:1:2`, notice: { kind: 'look' } }],
  // Ids may hold what separates.
  ['a#pause:1:2/group-0/1', { label: 'a#pause:1:2/group-0/1', notice: { kind: 'look' } }],
  [
    'a\nb/group-1/2#pause:1:2/group-0/1#answered:5:1',
    { label: 'a\nb/group-1/2#pause:1:2/group-0/1', notice: { kind: 'answered', requestNo: 5, answers: 1 } },
  ],
])('%j', (payload, read) => {
  expect(readControlNotice(payload)).toEqual(read);
});
