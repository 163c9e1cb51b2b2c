/** `--watch`: the same again and again until Ctrl-C. On a terminal each takes the place of the one before. */
import { messageOf } from '../domain/errors.ts';
import { processScreen, tell, write } from './sql/screen.ts';
import { watch } from './sql/watch.ts';

export async function showAgain(
  show: () => Promise<string>,
  { everySeconds, title }: { readonly everySeconds: number; readonly title: string },
): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  await watch({
    screen: processScreen(),
    everyMs: everySeconds * 1_000,
    title,
    stop: stop.signal,
    run: async (screen) => {
      await write(screen.out, `${await show()}\n`);
      return { kind: 'done' };
    },
    tellProblem: (screen, error) => tell(screen, `headgate: ${messageOf(error)}`),
  });
}
