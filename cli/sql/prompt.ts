/**
 * The prompt of `headgate sql`: statements of several lines, one after the other, until the user leaves. No error of a
 * statement ends it; Ctrl-C stops what runs and nothing else.
 */
import { createInterface } from 'node:readline';
import type { Interface } from 'node:readline';
import type { Readable } from 'node:stream';
import { complete } from './completion.ts';
import type { Completions } from './completion.ts';
import { formats } from './formats.ts';
import { historyEntriesMax } from './history.ts';
import type { History } from './history.ts';
import { tellProblem } from './problem.ts';
import { readCommand } from './prompt-commands.ts';
import type { PromptCommand } from './prompt-commands.ts';
import { runStatement } from './run-statement.ts';
import type { RunSettings } from './run-statement.ts';
import type { SchemaNames } from './schema-names.ts';
import { tell } from './screen.ts';
import type { Screen } from './screen.ts';
import type { SqlClient } from './sql-client.ts';
import { oneLine, splitStatements } from './statements.ts';

export type PromptDeps = {
  readonly client: Pick<SqlClient, 'run' | 'cancel'>;
  readonly names: SchemaNames;
  readonly history: History;
  readonly input: Readable;
  readonly screen: Screen;
  /** An order to end from outside: what runs is stopped, what was typed ahead is not run. */
  readonly stop: AbortSignal;
};

const firstPrompt = 'headgate> ';
const nextPrompt = '       -> ';

/** Ends when the user leaves. */
export function prompt(deps: PromptDeps, settings: RunSettings): Promise<void> {
  return new Prompt(deps, settings).run();
}

class Prompt {
  readonly #deps: PromptDeps;
  readonly #readline: Interface;
  /** readline's own list, newest first; it hands it out with every line. */
  #recent: string[];
  #settings: RunSettings;
  /** Lines of the statement that no `;` has ended yet. */
  #typed: string[] = [];
  #lines: string[] = [];
  #isBusy = false;
  #isLeaving = false;
  #running: AbortController | null = null;
  #left: () => void = () => undefined;

  constructor(deps: PromptDeps, settings: RunSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#recent = deps.history.load();
    this.#readline = createInterface({
      input: deps.input,
      output: deps.screen.out,
      terminal: true,
      historySize: historyEntriesMax,
      history: this.#recent,
      removeHistoryDuplicates: true,
      prompt: firstPrompt,
      completer: (line: string, done: (error: null, result: Completions) => void) =>
        void this.#complete(line).then((result) => done(null, result)),
    });
  }

  run(): Promise<void> {
    const left = new Promise<void>((resolve) => (this.#left = resolve));
    this.#readline.on('history', (entries: string[]) => (this.#recent = entries));
    this.#readline.on('line', (line) => {
      this.#lines.push(line);
      void this.#work();
    });
    this.#readline.on('SIGINT', () => this.#interrupt());
    this.#readline.on('close', () => this.#leave());
    this.#deps.stop.addEventListener('abort', () => this.#end(), { once: true });
    this.#showPrompt();
    return left;
  }

  /** One line at a time, in the order they were typed or pasted, whatever runs meanwhile. */
  async #work(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    for (let line = this.#lines.shift(); line !== undefined; line = this.#lines.shift())
      await this.#take(line);
    this.#isBusy = false;
    if (this.#isLeaving) this.#left();
    else this.#showPrompt();
  }

  async #take(line: string): Promise<void> {
    const command = this.#typed.length === 0 ? readCommand(line) : null;
    if (command !== null) return this.#obey(command, line);
    if (this.#typed.length === 0 && line.trim() === '') return;
    this.#typed.push(line);
    const text = this.#typed.join('\n');
    const { statements, rest } = splitStatements(text);
    if (statements.length === 0 && rest !== '') return;
    this.#remember(text, this.#typed.length);
    this.#typed = [];
    // What follows the last `;` on a line is the beginning of the next statement.
    if (rest.trim() !== '') this.#typed = rest.trimStart().split('\n');
    for (const statement of statements) if (!(await this.#runOne(statement, this.#settings))) return;
  }

  async #obey(command: PromptCommand, line: string): Promise<void> {
    this.#deps.history.add(line);
    switch (command.kind) {
      case 'leave':
        return this.#readline.close();
      case 'say':
        return tell(this.#deps.screen, command.text);
      case 'toggleTiming': {
        const timing = !this.#settings.timing;
        this.#settings = { ...this.#settings, timing };
        return tell(this.#deps.screen, `timing is ${timing ? 'on' : 'off'}`);
      }
      case 'setFormat':
        this.#settings = { ...this.#settings, format: command.format };
        return tell(this.#deps.screen, `format is ${command.format}`);
      case 'query':
        await this.#runOne(command.statement, {
          ...this.#settings,
          format: 'table',
          rowsMax: 0,
          parameters: command.parameters,
          ifEmpty: command.ifEmpty,
        });
    }
  }

  /** Whether it went well: after a mistake the rest of the line is not run. */
  async #runOne(statement: string, settings: RunSettings): Promise<boolean> {
    const { client, screen } = this.#deps;
    this.#running = new AbortController();
    try {
      const outcome = await runStatement(client, screen, statement, settings, this.#running.signal);
      if (outcome.kind === 'stopped') tell(screen, 'stopped');
      return outcome.kind === 'done';
    } catch (error) {
      tellProblem(screen, error, statement);
      return false;
    } finally {
      this.#running = null;
    }
  }

  #interrupt(): void {
    if (this.#running !== null) {
      // What was typed ahead belonged to it.
      this.#lines = [];
      return this.#running.abort();
    }
    const hadText = this.#typed.length > 0 || this.#readline.line !== '';
    this.#typed = [];
    this.#readline.write(null, { ctrl: true, name: 'e' });
    this.#readline.write(null, { ctrl: true, name: 'u' });
    this.#deps.screen.out.write('^C\n');
    if (!hadText) tell(this.#deps.screen, 'Ctrl-D or \\q leaves.');
    this.#showPrompt();
  }

  /** Ctrl-D, `\q`, or the end of the input: what was typed before it is still done. */
  #leave(): void {
    this.#isLeaving = true;
    if (this.#isBusy) return;
    // The shell's prompt begins on a line of its own.
    this.#deps.screen.out.write('\n');
    this.#left();
  }

  #end(): void {
    this.#lines = [];
    this.#running?.abort();
    this.#readline.close();
  }

  #showPrompt(): void {
    this.#readline.setPrompt(this.#typed.length === 0 ? firstPrompt : nextPrompt);
    this.#readline.prompt(true);
  }

  /** A statement comes back as one entry: its lines, which readline has taken in one by one, make room for it. */
  #remember(text: string, lineCount: number): void {
    const whole = text.startsWith(' ') ? '' : oneLine(text);
    if (whole === null) {
      for (const line of text.split('\n')) this.#deps.history.add(line);
      return;
    }
    this.#deps.history.add(whole);
    if (lineCount === 1) return;
    const lines = new Set(text.split('\n'));
    // Not a new list: readline holds this one.
    while (this.#recent.length > 0 && lines.has(this.#recent[0] ?? '')) this.#recent.shift();
    if (whole !== '') this.#recent.unshift(whole);
  }

  async #complete(line: string): Promise<Completions> {
    const commandWord = /^\\format\s+(\w*)$/.exec(line);
    if (commandWord !== null) {
      const word = commandWord[1] ?? '';
      return [formats.filter((format) => format.startsWith(word)), word];
    }
    const described = /^\\d\s+/.exec(line);
    const before = described === null ? line : `from ${line.slice(described[0].length)}`;
    const after = this.#readline.line.slice(this.#readline.cursor);
    return complete([...this.#typed, before].join('\n'), after, this.#deps.names);
  }
}
