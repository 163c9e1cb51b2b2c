/** Reads `ioConfig.deadLetters`, which Druid does not have: where records that cannot be read go whole. */
import { checkNames } from './field-names.ts';
import { topicComplaint } from './names.ts';
import type { SectionReader } from './parse-reader.ts';
import { text } from './parse-values.ts';
import type { ProblemList } from './problem.ts';
import { isPlainObject } from './raw.ts';
import type { DeadLetters } from './spec.ts';

export function readDeadLetters(
  list: ProblemList,
  io: SectionReader,
  sourceTopic: string,
): DeadLetters | null {
  if (!io.has('deadLetters')) return null;
  const expected = 'an object such as {"type": "topic", "topic": "clicks-rejected"} or {"type": "folder"}';
  const reader = io.section('deadLetters', 'optional', expected);
  if (!isPlainObject(io.get('deadLetters'))) return null;
  checkNames(list, reader.raw, reader.path, 'ioConfig.deadLetters');
  switch (reader.get('type')) {
    case 'folder':
      if (reader.has('topic'))
        reader.problem('topic', 'nothing, for type is folder', 'leave it out, or write "type": "topic"');
      return { type: 'folder' };
    case 'topic':
      return readTopic(reader, sourceTopic);
    default:
      reader.problem('type', 'topic or folder');
      return null;
  }
}

function readTopic(reader: SectionReader, sourceTopic: string): DeadLetters | null {
  const topic = reader.require('topic', text('the name of a topic'), null);
  const complaint = topic === null ? null : topicComplaint(topic);
  if (complaint !== null) reader.problem('topic', complaint);
  // Read again as records they would be rejected again, without end.
  if (topic === sourceTopic) reader.problem('topic', 'another topic than the one that is read');
  return topic === null || complaint !== null || topic === sourceTopic ? null : { type: 'topic', topic };
}
