/** How long running tasks are waited for, and how much of their rows is kept on disk. */
export type LiveLimits = {
  /** A worker that says nothing for so long, beyond what it was asked to wait, is not reachable. */
  readonly silenceMs: number;
  /** One exchange with all its bytes. */
  readonly exchangeMs: number;
  /** A worker that was silent is asked last for so long. */
  readonly silentAsideMs: number;
  /** An answer is shared with queries that come within this time. */
  readonly freshMs: number;
  /** For a replica that must catch up to what was served before. */
  readonly waitMs: number;
  /** For a replica that has just begun, or has not heard its ends; nothing of it was served yet. */
  readonly graceMs: number;
  /** So long one replica may take to catch up before another is asked. */
  readonly sliceMs: number;
  /** Between two rounds over the replicas. */
  readonly pauseMs: number;
  readonly exchangesMax: number;
  /** Bytes of pieces on disk, in use and kept. */
  readonly diskBytesMax: number;
  /** Bytes asked for in one exchange. */
  readonly answerBytesMax: number;
  readonly headerBytesMax: number;
  readonly piecesMax: number;
  /** A piece that no query used for so long goes. */
  readonly idleMs: number;
};

export const defaultLiveLimits: LiveLimits = {
  silenceMs: 2_000,
  exchangeMs: 60_000,
  silentAsideMs: 5_000,
  freshMs: 200,
  waitMs: 15_000,
  graceMs: 1_000,
  sliceMs: 500,
  pauseMs: 50,
  exchangesMax: 64,
  diskBytesMax: 2 * 1024 ** 3,
  answerBytesMax: 64 * 1024 ** 2,
  headerBytesMax: 4 * 1024 ** 2,
  piecesMax: 1_000,
  idleMs: 60_000,
};

export type LiveLog = {
  readonly warn: (details: object, message: string) => void;
  readonly info: (details: object, message: string) => void;
};
