/** Functions of times. */

import { bigint, scalar, timestamp, typed } from './entries.ts';
import type { Entry } from './entries.ts';
import { timestamp as timeLiteral } from './fragments.ts';

export const times: readonly Entry[] = [
  scalar({ syntax: 'CURRENT_TIMESTAMP', args: [0, 1] }, (_, context) => ({
    sql: timeLiteral(context.nowMs),
    type: timestamp,
    constant: { value: context.nowMs },
  })),
  typed(
    { syntax: 'MILLIS_TO_TIMESTAMP(millis_expr)', args: [1, 1] },
    [bigint],
    timestamp,
    (x) => `make_timestamp_ms(${x})`,
  ),
  typed(
    { syntax: 'TIMESTAMP_TO_MILLIS(timestamp_expr)', args: [1, 1] },
    [timestamp],
    bigint,
    (x) => `epoch_ms(${x})`,
  ),
];
