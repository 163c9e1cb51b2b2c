/**
 * The last few lines of the story as a Markdown list, for the page in the Temporal UI.
 *
 * Times are absolute: the page is not drawn anew while nothing happens. What is no news there (its state, a checkpoint,
 * an autoscaler that did nothing) gives way to what is.
 */
import type { StoryKind, StoryLine } from '../supervisor/story.ts';
import { sentence } from './entry.ts';
import { clock } from './moments.ts';
import { narrate } from './narrative.ts';

const linesMost = 8;
const textMost = 300;
const noNews: readonly StoryKind[] = ['checkpoint', 'scaleSkipped', 'state'];

/** '' when there is nothing to tell, or no room for one line. */
export function shortStory(lines: readonly StoryLine[], nowMs: number, maxChars: number): string {
  const news = lines.filter((line) => !noNews.includes(line.kind));
  const told = narrate({
    supervisorId: '',
    nowMs,
    status: null,
    autoscaler: null,
    lines: news.length > 0 ? news : lines,
  })
    .chapters.flatMap((chapter) => chapter.entries)
    .sort((left, right) => right.atMs - left.atMs)
    .slice(0, linesMost)
    .map((entry) => `- ${clock(entry.atMs, nowMs)} UTC: ${asMarkdown(cut(sentence(entry.text)))}`);
  const fitting: string[] = [];
  let used = 0;
  for (const line of told) {
    used += line.length + 1;
    if (used > maxChars) break;
    fitting.push(line);
  }
  return fitting.join('\n');
}

function cut(text: string): string {
  return text.length <= textMost ? text : `${text.slice(0, textMost - 1)}…`;
}

/** Names and error messages are other people's text: nothing in them may become a link, a table or a heading. */
function asMarkdown(text: string): string {
  return text.replace(/[\\`*_[\]<>|#~]/g, (char) => `\\${char}`);
}
