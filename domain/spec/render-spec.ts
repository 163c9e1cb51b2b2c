/**
 * What a GET answers for a stored spec: Druid's shape, with every default filled, nulls written, durations in seconds, the
 * sections nested and again flat, and secrets masked.
 *
 * It is made from the stored text, not from the parsed spec: what has no effect here is still shown, and long numbers keep
 * their digits. Names that nobody documents are left out, as Druid does. Posted again it is the same spec.
 */
import { parseSupervisorSpec } from './parse.ts';
import { shownIoConfig } from './render-io.ts';
import { given, part } from './render-parts.ts';
import { shownDataSchema } from './render-schema.ts';
import { shownTuningConfig } from './render-tuning.ts';
import { maskSpecText } from './secrets.ts';
import { isShownObject, readShownObject, writeShown, type ShownObject } from './shown-json.ts';
import type { SupervisorSpec } from './spec.ts';

/** JSON text. A stored text that cannot be read is shown as it stands. */
export function renderSpec(specText: string): string {
  const read = readSpecText(specText);
  if (read === null) return maskSpecText(specText);
  const { type, id, spec, context, suspended } = read.shown;
  const { dataSchema, tuningConfig, ioConfig } = spec;
  const answer = { type, id, spec, dataSchema, tuningConfig, ioConfig, context, suspended };
  return maskSpecText(writeShown(answer));
}

/** With secrets, each section once. */
export type ShownSpec = {
  readonly type: string;
  readonly id: string;
  readonly spec: {
    readonly dataSchema: ShownObject;
    readonly ioConfig: ShownObject;
    readonly tuningConfig: ShownObject;
  };
  readonly context: ShownObject | null;
  readonly suspended: boolean;
};

/** Null: this version cannot read what another one stored. */
export function readSpecText(specText: string): { spec: SupervisorSpec; shown: ShownSpec } | null {
  const raw = readShownObject(specText);
  const parsed = raw === null ? null : parseSupervisorSpec(JSON.parse(specText));
  return raw === null || parsed?.kind !== 'ok'
    ? null
    : { spec: parsed.spec, shown: shownSpec(raw, parsed.spec) };
}

function shownSpec(raw: ShownObject, spec: SupervisorSpec): ShownSpec {
  const body = given(raw, 'spec');
  const sections = isShownObject(body) ? body : raw;
  const context = given(raw, 'context');
  return {
    type: spec.type,
    id: spec.id,
    spec: {
      dataSchema: shownDataSchema(part(sections, 'dataSchema'), spec.dataSchema),
      ioConfig: shownIoConfig(part(sections, 'ioConfig'), spec.io),
      tuningConfig: shownTuningConfig(part(sections, 'tuningConfig'), spec.tuning),
    },
    context: isShownObject(context) ? context : null,
    suspended: spec.suspended,
  };
}
