import { beforeEach, expect, it } from 'vitest';
import type { Logger } from '../log/logger.ts';
import { EventLog } from './event-log.ts';
import { NO_SUMS, type NotableEvent, SUM_OF, type Tally } from './event-tally.ts';

const key = 'IPv4 default/web:http/TCP';
const FAILED: NotableEvent = { event: 'attempt-failed', key, endpoint: '10.0.0.1:80', why: 'ECONNREFUSED' };
const UNSERVED: NotableEvent = { event: 'unserved', key, attempts: 4 };

let lines: (readonly [string, object, string])[];
let log: EventLog;

beforeEach(() => {
  lines = [];
  const at = (level: string) => (fields: object, message: string) => lines.push([level, fields, message]);
  const logger: Logger = {
    verbosity: 0,
    verbose: () => undefined,
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
  };
  log = new EventLog(logger, () => 'default/web:http');
});

function tally(event: NotableEvent, count: number): Tally {
  return { sums: { ...NO_SUMS, [SUM_OF[event.event]]: count }, connections: new Map(), examples: [event] };
}

const servicePort = 'default/web:http';

it.each<[NotableEvent, readonly [string, object, string]]>([
  [
    FAILED,
    ['warn', { servicePort, endpoint: '10.0.0.1:80', err: 'ECONNREFUSED' }, 'endpoint did not answer'],
  ],
  [UNSERVED, ['warn', { servicePort, attempts: 4 }, 'no endpoint answered; client connection closed']],
  [
    { event: 'no-descriptor', key },
    ['error', { servicePort }, 'out of file descriptors; client connection closed'],
  ],
  [
    { event: 'listener-lost', key, why: 'EIO' },
    ['error', { servicePort, err: 'EIO' }, 'listener failed; reopening it'],
  ],
])('tells of %o', (event, line) => {
  log.record(tally(event, 1), 0);
  expect(lines).toEqual([line]);
});

it('tells of one kind every ten seconds, with the number of those in between', () => {
  log.record(tally(FAILED, 58), 0);
  for (let second = 1; second <= 10; second++) log.record(tally(FAILED, 5), second * 1000);
  expect(lines.map(([, , message]) => message)).toEqual([
    'endpoint did not answer, and 57 more',
    'endpoint did not answer, and 49 more',
  ]);
});

it('does not let one kind silence another', () => {
  log.record(tally(FAILED, 1), 0);
  log.record(tally(UNSERVED, 1), 1);
  expect(lines).toHaveLength(2);
});
