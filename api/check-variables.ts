/**
 * Variables of the environment that a spec refers to and no process would read: they are refused when the spec is posted, not
 * when a task connects. What a variable holds, or whether it is set, only the workers know.
 */
import type { Problem } from '../domain/spec/parse.ts';
import { render } from '../domain/spec/problem.ts';
import type { InputFormat } from '../domain/spec/input-format.ts';
import type { PropertyValues } from '../domain/spec/property-value.ts';
import type { SupervisorSpec } from '../domain/spec/spec.ts';

/** `prefixes`: how the names of readable variables begin (HEADGATE_SECRET_ENV_PREFIXES). */
export function variableProblems({ io }: SupervisorSpec, prefixes: readonly string[]): Problem[] {
  return [
    ...problemsAt('spec.ioConfig.consumerProperties', io.consumerProperties, prefixes),
    ...registryValues(io.inputFormat).flatMap((values) =>
      problemsAt('spec.ioConfig.inputFormat', values, prefixes),
    ),
  ];
}

function problemsAt(path: string, values: PropertyValues, prefixes: readonly string[]): Problem[] {
  const expected = prefixes.length === 0 ? 'none' : `one that begins with ${prefixes.join(' or ')}`;
  return Object.entries(values).flatMap(([key, value]) => {
    if (typeof value === 'string' || prefixes.some((prefix) => value.variable.startsWith(prefix))) return [];
    return [
      {
        path: `${path}["${key}"]`,
        found: `the environment variable ${render(value.variable)}`,
        expected,
        remedy:
          'rename it, or let the operator add its prefix to HEADGATE_SECRET_ENV_PREFIXES of every process',
      },
    ];
  });
}

function registryValues(format: InputFormat): readonly PropertyValues[] {
  if (format.type === 'kafka')
    return [format.valueFormat, ...(format.keyFormat === null ? [] : [format.keyFormat])].flatMap(
      registryValues,
    );
  if (format.type !== 'avro_stream' && format.type !== 'protobuf') return [];
  const { decoder } = format;
  return decoder.type === 'schema_registry' ? [decoder.registry.config, decoder.registry.headers] : [];
}
