/** Reads `ioConfig.mirrorConsumerGroup`, which Druid does not have: the group that shows published positions to Kafka's tools. */
import type { SectionReader } from './parse-reader.ts';
import { text } from './parse-values.ts';
import { isPlainObject } from './raw.ts';

const lengthMax = 249;

export function readMirrorGroup(io: SectionReader): string | null {
  const group = io.read('mirrorConsumerGroup', text('the name of a consumer group'), null);
  if (group === null) return null;
  if (group.length > lengthMax || group.trim() !== group || /[\p{Cc}\p{Cs}]/u.test(group)) {
    io.problem(
      'mirrorConsumerGroup',
      `1 to ${lengthMax} characters, without control characters and spaces at the ends`,
    );
    return null;
  }
  // Kafka refuses commits from outside to a group that has members, and members would go on from our positions.
  const properties = io.get('consumerProperties');
  if (isPlainObject(properties) && properties['group.id'] === group)
    io.warning(
      'mirrorConsumerGroup',
      'a group that nothing else uses; consumerProperties names it as group.id',
      'give the mirror a name of its own',
    );
  return group;
}
