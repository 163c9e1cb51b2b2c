/** The statements Druid's web console sends, word for word as recorded from Druid 33: each translates and answers. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openWorld } from './translate-world.ts';
import type { World } from './translate-world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

/** In any order where the statement asks for none. */
const unordered = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row)).sort();

const recorded: readonly (readonly [sql: string, rows: readonly unknown[]])[] = [
  [
    `
SELECT 1337
`,
    [[1337]],
  ],
  [
    `
SELECT server_type AS "service_type", COUNT(*) as "count" FROM sys.servers GROUP BY 1
`,
    [
      ['broker', 2],
      ['coordinator', 1],
    ],
  ],
  [
    `
SELECT
  COUNT(*) FILTER (WHERE "suspended" = 0) AS "running",
  COUNT(*) FILTER (WHERE "suspended" = 1) AS "suspended"
FROM sys.supervisors
`,
    [[1, 1]],
  ],
  [
    `
SELECT datasource FROM sys.segments GROUP BY 1
`,
    [['events'], ['users']],
  ],
  [
    `
SELECT
  COUNT(*) as "available",
  COUNT(*) FILTER (WHERE is_available = 0) as "unavailable"
FROM sys.segments
`,
    [[3, 1]],
  ],
  [
    `
SELECT
  CASE WHEN "status" = 'RUNNING' THEN "runner_status" ELSE "status" END AS "status",
  COUNT (*) AS "count"
FROM sys.tasks
GROUP BY 1
`,
    [
      ['RUNNING', 1],
      ['FAILED', 1],
      ['PENDING', 1],
      ['SUCCESS', 1],
    ],
  ],
  [
    `
SELECT
  "supervisor_id", "type", "source", "state", "detailed_state", "suspended" = 1 AS "suspended"
FROM sys.supervisors
ORDER BY "supervisor_id"
`,
    [
      ['events', 'kafka', 'e', 'RUNNING', 'RUNNING', false],
      ['users', 'kafka', 'u', 'RUNNING', 'RUNNING', true],
    ],
  ],
  [
    `
WITH tasks AS (SELECT
  "task_id", "group_id", "type", "datasource", "created_time", "location", "duration", "error_msg",
  CASE WHEN "error_msg" = 'Shutdown request from user' THEN 'CANCELED' WHEN "status" = 'RUNNING' THEN "runner_status" ELSE "status" END AS "status"
  FROM sys.tasks
)
SELECT "task_id", "group_id", "type", "datasource", "created_time", "location", "duration", "error_msg", "status"
FROM tasks
ORDER BY
  (
    CASE "status"
    WHEN 'RUNNING' THEN 4
    WHEN 'PENDING' THEN 3
    WHEN 'WAITING' THEN 2
    ELSE 1
    END
  ) DESC,
  "created_time" DESC
`,
    [
      ['t1', 'g', 'index_kafka', 'events', '2026-01-01', 'h:1', -1, null, 'RUNNING'],
      ['t3', 'g', 'index_kafka', 'events', '2026-01-03', 'h:1', -1, null, 'PENDING'],
      ['t4', 'g', 'index_kafka', 'users', '2026-01-04', 'h:1', 7, null, 'SUCCESS'],
      ['t2', 'g', 'index_kafka', 'events', '2026-01-02', 'h:1', 5, 'Shutdown request from user', 'CANCELED'],
    ],
  ],
  [
    `
SELECT
datasource,
COUNT(*) FILTER (WHERE (is_published = 1 AND is_overshadowed = 0) OR is_realtime = 1) AS num_segments,
COUNT(*) FILTER (WHERE is_published = 1 AND is_overshadowed = 0 AND is_available = 0) AS num_segments_to_load,
COUNT(*) FILTER (WHERE is_available = 1 AND NOT ((is_published = 1 AND is_overshadowed = 0) OR is_realtime = 1)) AS num_segments_to_drop,
SUM("size") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) AS total_data_size,
MIN("num_rows") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) AS min_segment_rows,
AVG("num_rows") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) AS avg_segment_rows,
MAX("num_rows") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) AS max_segment_rows,
SUM("num_rows") FILTER (WHERE (is_published = 1 AND is_overshadowed = 0) OR is_realtime = 1) AS total_rows,
CASE WHEN SUM("num_rows") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) <> 0 THEN (SUM("size") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) / SUM("num_rows") FILTER (WHERE is_published = 1 AND is_overshadowed = 0)) ELSE 0 END AS avg_row_size,
SUM("size" * "num_replicas") FILTER (WHERE is_published = 1 AND is_overshadowed = 0) AS replicated_size
FROM sys.segments
GROUP BY 1
ORDER BY 1
`,
    [
      ['events', 2, 1, 0, 1500, 10, 20, 30, 40, 37, 2000],
      ['users', 1, 0, 0, null, null, null, null, 0, 0, null],
    ],
  ],
  [
    `
WITH s AS (SELECT
"segment_id",
"datasource",
"start",
"end",
"version",
"shard_spec",
"partition_num",
"size",
"num_rows",
CASE WHEN "num_rows" <> 0 THEN ("size" / "num_rows") ELSE 0 END AS "avg_row_size",
"num_replicas",
"is_published",
"is_available",
"is_realtime",
"is_overshadowed"
FROM sys.segments)
SELECT *
FROM s
ORDER BY "start" DESC
LIMIT 50
`,
    [
      ['s2', 'events', '2026-01-02', '2026-01-03', 'v', '{}', 1, 500, 30, 16, 2, 1, 0, 0, 0],
      ['s1', 'events', '2026-01-01', '2026-01-02', 'v', '{}', 0, 1000, 10, 100, 1, 1, 1, 0, 0],
      ['s3', 'users', '2026-01-01', '2026-01-02', 'v', '{}', 0, 0, 0, 0, 1, 0, 1, 1, 0],
    ],
  ],
  [
    `
SELECT
  "server" AS "service",
  "server_type" AS "service_type",
  "tier",
  "host",
  "plaintext_port",
  "tls_port",
  "curr_size",
  "max_size",
  "is_leader"
FROM sys.servers
ORDER BY
  (
    CASE "server_type"
    WHEN 'coordinator' THEN 8
    WHEN 'overlord' THEN 7
    WHEN 'router' THEN 6
    WHEN 'broker' THEN 5
    WHEN 'historical' THEN 4
    WHEN 'indexer' THEN 3
    WHEN 'middle_manager' THEN 2
    WHEN 'peon' THEN 1
    ELSE 0
    END
  ) DESC,
  "service" DESC
`,
    [
      ['h:2', 'coordinator', null, 'h', 2, -1, 0, 0, 1],
      ['h:3', 'broker', null, 'h', 3, -1, 0, 0, null],
      ['h:1', 'broker', null, 'h', 1, -1, 0, 0, null],
    ],
  ],
  [
    `
SELECT TABLE_SCHEMA, TABLE_NAME, COLUMN_NAME, DATA_TYPE FROM INFORMATION_SCHEMA.COLUMNS
`,
    [
      ['druid', 'events', '__time', 'TIMESTAMP'],
      ['sys', 'segments', 'segment_id', 'VARCHAR'],
    ],
  ],
  [
    `
SELECT country, COUNT(*) AS n FROM "events" GROUP BY 1 ORDER BY 2 DESC
`,
    [
      ['US', 2],
      ['DE', 2],
      [null, 1],
    ],
  ],
];

it.each(recorded)('%s', async (sql, rows) => {
  const found = (await world.answer(sql)).rows;
  if (/ORDER BY/.test(sql) && !/ORDER BY (2|"start")/.test(sql)) expect(found).toEqual(rows);
  else expect(unordered(found)).toEqual(unordered(rows));
});
