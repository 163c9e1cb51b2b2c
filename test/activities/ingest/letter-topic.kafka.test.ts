/** Dead letters in a real topic: whole, in order, and what to do when it does not take them. */
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { Kafka, logLevel, type IHeaders } from 'kafkajs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { letterLine, parseLetter, type DeadLetter } from '../../../activities/ingest/dead-letter.ts';
import { LetterTopic, notTaken } from '../../../activities/ingest/letter-topic.ts';
import { openKafkaRecordSource } from '../../../streams/kafka/kafka-record-source.ts';
import type { SourceRecord } from '../../../streams/record-source.ts';
import { kafkaBootstrap } from '../../support/addresses.ts';

const name = randomBytes(4).toString('hex');
const topic = `letters-${name}`;
const connection = { brokers: [kafkaBootstrap()], clientId: 'test' };

beforeAll(async () => {
  const admin = new Kafka({ ...connection, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  await admin.createTopics({
    topics: [
      {
        topic,
        numPartitions: 1,
        configEntries: [{ name: 'max.message.bytes', value: '20000' }],
      },
    ],
  });
  await admin.disconnect();
});

function letterOf(position: number, value: Buffer | null, headers: SourceRecord['headers'] = []): DeadLetter {
  const record = { position: BigInt(position), timestampMs: 5, key: Buffer.from('k'), value, headers };
  return parseLetter(letterLine(record, { topic: 'clicks', partition: '3', reasons: ['one', 'two'] }));
}

async function stored(count: number) {
  const source = openKafkaRecordSource({
    topic,
    bootstrapServers: [kafkaBootstrap()],
    isolationLevel: 'read_committed',
    clientId: 'test',
  });
  const reader = source.read(new Map([['0', 0n]]));
  const found: { value: Buffer | null; headers: IHeaders }[] = [];
  while (found.length < count)
    for (const { records } of await reader.poll(1_000))
      for (const { value, headers } of records)
        found.push({
          value: value === null ? null : Buffer.from(value),
          headers: Object.fromEntries(
            headers.map((header) => [header.key, String(Buffer.from(header.value ?? []))]),
          ),
        });
  await source.close();
  return found;
}

const sink = new LetterTopic(topic, connection);
afterAll(() => sink.close());

it('keeps every byte, adds where and why, and leaves out only a value that is too large', async () => {
  const broken = Buffer.from([0xff, 0x00, 0xfe]);
  await sink.deliver([
    letterOf(7, broken, [{ key: 'h', value: Buffer.from('x') }]),
    letterOf(8, null),
    letterOf(9, Buffer.alloc(50_000, 0x61)),
    letterOf(10, Buffer.from('after')),
  ]);
  const letters = await stored(4);
  expect(letters.map(({ value }) => value)).toEqual([broken, null, null, Buffer.from('after')]);
  expect(letters[0]?.headers).toEqual({
    h: 'x',
    'headgate.topic': 'clicks',
    'headgate.partition': '3',
    'headgate.offset': '7',
    'headgate.timestamp': '5',
    'headgate.reason': 'one; two',
  });
  expect(letters[2]?.headers['headgate.value-left-out']).toBe('50000 bytes');
});

it('takes records whose headers and keys were made to hurt', async () => {
  const before = (await stored(4)).length;
  const names = ['constructor', '__proto__', 'toString', 'toString'];
  const headers = names.map((key, at) => ({ key, value: Buffer.from(String(at)) }));
  const large = { ...letterOf(12, Buffer.from('v')), key: 'k'.repeat(50_000) };
  await sink.deliver([letterOf(11, Buffer.from('v'), headers), large]);
  const [first, second] = (await stored(before + 2)).slice(before);
  expect(Object.entries(first?.headers ?? {}).slice(0, 3)).toEqual([
    ['constructor', '0'],
    ['__proto__', '1'],
    ['toString', '3'],
  ]);
  expect(second?.headers).toMatchObject({
    'headgate.offset': '12',
    'headgate.value-left-out': '1 bytes',
    'headgate.key-left-out': '50000 bytes',
  });
});

it('says which topic does not take them and what to look at', async () => {
  const missing = new LetterTopic(`${topic}-none`, connection);
  await expect(missing.deliver([letterOf(1, null)])).rejects.toMatchObject({
    code: 'DEAD_LETTERS_UNAVAILABLE',
    message: expect.stringMatching(
      new RegExp(`topic ${topic}-none does not take them: .*does it exist`),
    ) as string,
  });
  await missing.close();
});

it('does not repeat what a broker says of a login: it was told the password', async () => {
  const said = 'SASL PLAIN authentication failed: no hunter2 here';
  const login = Object.assign(new Error(said), { name: 'KafkaJSSASLAuthenticationError' });
  const wrapped = new Error(said, { cause: login });
  for (const error of [login, wrapped]) {
    const told = notTaken('t', error);
    expect(told.message).toContain('the login is refused');
    expect(inspect(told, { depth: null })).not.toContain('hunter2');
  }
  expect(notTaken('t', new Error('away')).message).toContain('does not take them: away');
});
