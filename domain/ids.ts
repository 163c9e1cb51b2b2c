/** Names of things, made here and nowhere else. Forms are Druid's where Druid has one. */

/** One generation of a task group; numbers come from Postgres and never restart for a supervisor. */
export type GenerationKey = {
  readonly supervisorId: string;
  readonly groupId: number;
  readonly generation: number;
};

export function generationLabel(key: GenerationKey): string {
  return `${key.supervisorId}/group-${key.groupId}/${key.generation}`;
}

/** `<base sequence name>_<8 letters>`, letters a to p as Druid's. `letters` come from the caller: this file has no randomness. */
export function taskIdOf(baseSequenceName: string, letters: string): string {
  return `${baseSequenceName}_${letters}`;
}

/** Druid's base sequence name with our generation in place of its hash: one group generation has one name. */
export function baseSequenceNameOf(key: GenerationKey): string {
  return `index_kafka_${key.supervisorId}_g${key.groupId}_${key.generation}`;
}

/** Percent-encodes all but `[A-Za-z0-9_-]` (reliability.md S6), byte by byte in UTF-8: a name can never leave its folder. */
export function pathPart(name: string): string {
  return Array.from(new TextEncoder().encode(name), (byte) => {
    const char = String.fromCharCode(byte);
    return /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** `20260101T000000Z_20260102T000000Z`: an interval in basic UTC form, as paths use it (protocol.md 2). */
export function intervalPart(startMs: number, endMs: number): string {
  return `${basicInstant(startMs)}_${basicInstant(endMs)}`;
}

function basicInstant(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/\.000Z$/, 'Z')
    .replace(/[-:]/g, '');
}

/** `<data source>/<interval>/<publish id>/<n>.parquet` (protocol.md 2), relative to deep storage. */
export function segmentPath(parts: {
  dataSource: string;
  startMs: number;
  endMs: number;
  publishId: string;
  number: number;
}): string {
  return `${pathPart(parts.dataSource)}/${intervalPart(parts.startMs, parts.endMs)}/${parts.publishId}/${parts.number}.parquet`;
}

/** `_checkpoints/<supervisor>/<task>/<checkpoint id>/<n>.spill` (protocol.md 2), relative to deep storage. */
export function spillPath(parts: {
  supervisorId: string;
  taskId: string;
  checkpointId: string;
  number: number;
}): string {
  return `_checkpoints/${pathPart(parts.supervisorId)}/${pathPart(parts.taskId)}/${parts.checkpointId}/${parts.number}.spill`;
}

/** Where dead letters live; not listed in any table, so nothing ever reaps them. */
export const letterFolder = '_dead-letters/';

/** `_dead-letters/<supervisor>/<task>/<id>.jsonl`, relative to deep storage. */
export function letterPath(parts: { supervisorId: string; taskId: string; id: string }): string {
  return `${letterFolder}${pathPart(parts.supervisorId)}/${pathPart(parts.taskId)}/${parts.id}.jsonl`;
}
