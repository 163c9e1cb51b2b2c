/**
 * A whole spec, checked: its structure (domain/spec) and every part that has to compile - expressions, filters, paths,
 * patterns. What a user posts goes through here, so that nothing broken is ever stored; a stored spec is only parsed.
 */
import { parseSupervisorSpec, type ParseResult, type Problem } from '../domain/spec/parse.ts';
import { render } from '../domain/spec/problem.ts';
import type { MetricSpec, SupervisorSpec } from '../domain/spec/spec.ts';
import { CompileProblem } from './compile-problem.ts';
import { compileExpression } from './expression/expression.ts';
import { compileFilter } from './filter/filter.ts';
import { compileJavaPattern } from './java-pattern.ts';
import { openReader } from './open-reader.ts';
import { topicMatcher } from './topic-pattern.ts';
import { compileTimePattern } from './time-pattern/compile.ts';

/** A pattern can be read or not whatever the year. */
const anyYear = 2000;

export function checkSupervisorSpec(raw: unknown): ParseResult {
  const parsed = parseSupervisorSpec(raw);
  if (parsed.kind === 'invalid') return parsed;
  const problems = compileProblems(parsed.spec);
  return problems.length === 0 ? parsed : { kind: 'invalid', problems };
}

function compileProblems({ dataSchema, io }: SupervisorSpec): Problem[] {
  const { timestampSpec, transforms, filter } = dataSchema;
  const { format } = timestampSpec;
  return [
    ...(typeof format === 'string'
      ? []
      : problemsOf('spec.dataSchema.timestampSpec.format', render(format.pattern), () =>
          compileTimePattern(format.pattern, anyYear),
        )),
    ...transforms.flatMap(({ expression }, at) =>
      problemsOf(`spec.dataSchema.transformSpec.transforms[${at}].expression`, render(expression), () =>
        compileExpression(expression),
      ),
    ),
    ...(filter === null
      ? []
      : problemsOf('spec.dataSchema.transformSpec.filter', 'a filter', () => compileFilter(filter))),
    ...dataSchema.metrics.flatMap(metricProblems),
    ...problemsOf('spec.ioConfig.inputFormat', 'a format', () => openReader(io.inputFormat)),
    ...(io.isPattern ? patternProblems(io) : []),
  ];
}

/** The pattern, and the topics that are named beside it. */
function patternProblems({ topic, bounded, deadLetters }: SupervisorSpec['io']): Problem[] {
  const path = 'spec.ioConfig.topicPattern';
  const broken = problemsOf(path, render(topic), () => compileJavaPattern(topic, { at: '' }));
  if (broken.length > 0) return broken;
  const matches = topicMatcher(topic);
  const outside = Object.keys(bounded?.starts ?? {}).find(
    (key) => !matches(key.slice(0, key.lastIndexOf(':'))),
  );
  return [
    ...(outside === undefined
      ? []
      : [
          {
            path: 'spec.ioConfig.boundedStreamConfig.startSequenceNumbers',
            found: render(outside),
            expected: `a partition of a topic that matches ${render(topic)}`,
          },
        ]),
    // Read again as records they would be rejected again, without end.
    ...(deadLetters?.type === 'topic' && matches(deadLetters.topic)
      ? [
          {
            path: 'spec.ioConfig.deadLetters.topic',
            found: render(deadLetters.topic),
            expected: `a topic that does not match ${render(topic)}, which is read`,
          },
        ]
      : []),
  ];
}

/** Filters within filters stand one `aggregator` deeper each. */
function metricProblems({ expression, filters = [] }: MetricSpec, at: number): Problem[] {
  const path = (depth: number): string => `spec.dataSchema.metricsSpec[${at}]${'.aggregator'.repeat(depth)}`;
  return [
    ...(expression === undefined
      ? []
      : problemsOf(`${path(filters.length)}.expression`, expression, () => compileExpression(expression))),
    ...filters.flatMap((filter, depth) =>
      problemsOf(`${path(depth)}.filter`, 'a filter', () => compileFilter(filter)),
    ),
  ];
}

function problemsOf(path: string, found: string, compile: () => unknown): Problem[] {
  try {
    compile();
    return [];
  } catch (error) {
    if (!(error instanceof CompileProblem)) throw error;
    const { at, expected, remedy } = error;
    const place = at.startsWith('.') || at.startsWith('[') || at === '' ? `${path}${at}` : `${path}.${at}`;
    return [
      { path: place, found: error.found ?? found, expected, ...(remedy === undefined ? {} : { remedy }) },
    ];
  }
}
