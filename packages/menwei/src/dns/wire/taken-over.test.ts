import { decode, encode } from 'dns-packet';
import { expect, it } from 'vitest';
import { answerFromMessage } from './forwarded.ts';
import { keepQuery, parseQuery } from './query.ts';
import { buildResponse } from './response.ts';

it('takes an answer over for another name that is as long, and leaves names that point into the former one', () => {
  const question = (name: string) =>
    encode({ type: 'query', id: 1, questions: [{ type: 'CNAME', name, class: 'IN' }] });
  const message = Buffer.concat([
    question('ab.example.org'),
    // Owner: the name that was asked. Target: x, and then example.org out of it.
    Buffer.from([0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 4, 1, 0x78, 0xc0, 15]),
  ]);
  message.writeUInt16BE(0x8180, 2);
  message.writeUInt16BE(1, 6);
  const query = parseQuery(question('cd.another.net'));
  const answer = query && answerFromMessage(query, message, { ageMs: 0, isStale: false });
  if (query === undefined || answer === undefined) throw new Error('it was not understood');
  const options = { transport: 'udp', udpSize: 1232, recursionAvailable: true, start: 0 } as const;
  const { answers } = decode(Buffer.from(buildResponse(query, answer, options)));
  expect(answers).toMatchObject([{ name: 'cd.another.net', data: 'x.example.org' }]);
});

it('changes TTLs in a copy: what is kept says the same the next time', () => {
  const bytes = encode({
    type: 'query',
    id: 1,
    questions: [{ type: 'A', name: 'example.org', class: 'IN' }],
  });
  const message = Buffer.concat([
    bytes,
    Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1]),
  ]);
  message.writeUInt16BE(0x8180, 2);
  message.writeUInt16BE(1, 6);
  const query = parseQuery(bytes);
  const ttls = [1, 2, 3].map(() => {
    const answer = query && answerFromMessage(query, message, { ageMs: 5_000, isStale: false });
    return answer?.answer.bytes[9];
  });
  expect(ttls).toEqual([55, 55, 55]);
});

it('keeps the bytes of a query, whatever becomes of the buffer that it came in', () => {
  const bytes = Buffer.from(
    encode({ type: 'query', id: 7, questions: [{ type: 'A', name: 'example.org', class: 'IN' }] }),
  );
  const query = parseQuery(bytes);
  const kept = query && keepQuery(query);
  bytes.fill(0);
  expect(kept?.bytes[1]).toBe(7);
});
