/** The narrative as lines of plain text, wrapped, with a margin that holds the times. */
import { ago, clock, counted } from './moments.ts';
import type { Chapter, Narrative } from './narrative.ts';

/** How parts are set off on a terminal; plain by default. */
export type Paint = {
  readonly title: (text: string) => string;
  readonly faint: (text: string) => string;
  readonly state: (text: string, healthy: boolean) => string;
};

const plain: Paint = { title: (text) => text, faint: (text) => text, state: (text) => text };

export function narrativeText(
  narrative: Narrative,
  options: { readonly width: number; readonly paint?: Paint },
): string {
  const paint = options.paint ?? plain;
  const width = Math.max(60, options.width);
  return [
    ...headLines(narrative, width, paint),
    ...narrative.chapters.flatMap((chapter) => ['', ...chapterLines(chapter, narrative.nowMs, width, paint)]),
    '',
    ...wrapped(footer(narrative), width, '').map(paint.faint),
  ].join('\n');
}

function headLines(narrative: Narrative, width: number, paint: Paint): string[] {
  const { supervisorId, status, nowMs, stateSinceMs, autoscaler } = narrative;
  if (status === null) return [`${supervisorId}: terminated; what it did is remembered`];
  const since =
    stateSinceMs === null ? '' : ` since ${clock(stateSinceMs, nowMs)} (${ago(stateSinceMs, nowMs)})`;
  const asOf = status.asOfMs === null ? '' : `, as of ${ago(status.asOfMs, nowMs)}`;
  const lag = status.lag === null ? 'unknown' : `${counted(status.lag, 'record')}`;
  const facts: [string, string][] = [
    ['why', status.reason],
    ['to do', status.remedy ?? (status.healthy ? 'nothing' : 'see the stories below')],
    ['lag', `${lag}${asOf}`],
    ...(autoscaler ?? []).map((text, index): [string, string] => [index === 0 ? 'autoscaler' : '', text]),
  ];
  const state = `${paint.state(status.detailedState, status.healthy)}${status.suspended ? ' (suspended)' : ''}`;
  return [
    `${supervisorId}: ${state}${since}`,
    ...facts.flatMap(([name, text]) => hanging(`  ${name.padEnd(11)} `, text, width)),
  ];
}

function chapterLines(chapter: Chapter, nowMs: number, width: number, paint: Paint): string[] {
  const stamps = chapter.entries.map((entry) => [clock(entry.atMs, nowMs), ago(entry.atMs, nowMs)] as const);
  const clockWidth = Math.max(...stamps.map(([at]) => at.length));
  const agoWidth = Math.max(...stamps.map(([, since]) => since.length));
  const [title, ...more] = wrapped(`${chapter.title}: ${chapter.gloss}`, width, '  ');
  return [
    paint.title(chapter.title) + paint.faint((title ?? '').slice(chapter.title.length)),
    ...more.map(paint.faint),
    ...chapter.entries.flatMap((entry, index) => {
      const [at, since] = stamps[index]!;
      return hanging(`  ${at.padEnd(clockWidth)}  ${since.padStart(agoWidth)}  `, entry.text, width);
    }),
    ...(chapter.leftOut > 0
      ? [paint.faint(`  and ${chapter.leftOut} older; \`--kind ${chapter.name} --all\` shows each`)]
      : []),
  ];
}

function footer({ sinceMs, nowMs, chapters }: Narrative): string {
  if (sinceMs === null)
    return 'Nothing is recorded in this time. Decisions and accidents appear here when they happen.';
  const told = chapters.length === 0 ? '' : 'Newest first; ';
  return `${told}times are UTC, now ${clock(nowMs, 0)}. The oldest line is of ${clock(sinceMs, nowMs)}.`;
}

/** `margin` on the first line, as much empty space on the others. */
function hanging(margin: string, text: string, width: number): string[] {
  const lines = wrapped(text, Math.max(30, width - margin.length), '');
  return lines.map((line, index) => `${index === 0 ? margin : ' '.repeat(margin.length)}${line}`.trimEnd());
}

/** Words longer than the line stay whole: a cut offset or file name is worse than a long line. */
function wrapped(text: string, width: number, indent: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = indent + word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
