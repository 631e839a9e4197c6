/** Asks by a datagram: any, or a question of DNS. */
import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { encodeQuery, HEADER_BYTES, isResponse, rcodeOf, uint16 } from '../../dns/wire/query.ts';
import { CLASS_IN, RCODE, TYPE } from '../../dns/wire/question.ts';
import { rcodeText } from '../../dns/wire/registry-names.ts';
import { type Answer, type Asked, type Cancel, once, resultOfError } from './probe.ts';

/** What the answer says; undefined: it is none to this question. */
type Judge = (bytes: Uint8Array) => Parameters<Answer> | undefined;

/** A refusal comes as fast as the network is; who does not answer is waited for no longer. */
const REFUSAL_MS = 200;

/** Without `expect` whoever does not refuse is fine. */
export function probeUdp(
  { send, expect }: { readonly send: Uint8Array; readonly expect: Uint8Array | undefined },
  asked: Asked,
  answer: Answer,
): Cancel {
  if (expect !== undefined)
    return exchange(asked, send, answer, (bytes) =>
      Buffer.compare(bytes.subarray(0, expect.length), expect) === 0
        ? ['ok', '']
        : ['wrong-answer', 'another answer than expected'],
    );
  const told = once(answer);
  const cancel = exchange(asked, send, told, () => ['ok', '']);
  const waitMs = Math.min(REFUSAL_MS, 0.8 * asked.timeoutMs, 0.8 * asked.fastMs);
  const timer = setTimeout(() => {
    told('ok', '');
    cancel();
  }, waitMs);
  return () => {
    clearTimeout(timer);
    cancel();
  };
}

const FAILURES: ReadonlySet<number> = new Set([RCODE.SERVFAIL, RCODE.REFUSED]);

/** @param name of an A record, in lower case without a dot at its end @param id of 16 bits, by chance */
export function probeDns(name: string, id: number, asked: Asked, answer: Answer): Cancel {
  const query = encodeQuery({ name, type: TYPE.A, class: CLASS_IN }, { id, recursionDesired: true });
  if (query === undefined) throw new Error(`BUG: ${name} is no name that can be asked for`);
  return exchange(asked, query, answer, (bytes) => {
    if (bytes.length < HEADER_BYTES || uint16(bytes, 0) !== id || !isResponse(bytes)) return undefined;
    const rcode = rcodeOf(bytes);
    return FAILURES.has(rcode) ? ['wrong-answer', rcodeText(rcode)] : ['ok', ''];
  });
}

function exchange({ ip, port }: Asked, send: Uint8Array, answer: Answer, judge: Judge): Cancel {
  const socket = createSocket(isIPv6(ip) ? 'udp6' : 'udp4');
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    socket.close();
  };
  const finish = (...result: Parameters<Answer>) => {
    if (isClosed) return;
    close();
    answer(...result);
  };
  socket.on('error', (error) => finish(...resultOfError(error)));
  socket.on('message', (bytes) => {
    const result = judge(bytes);
    if (result !== undefined) finish(...result);
  });
  // Connected: only then the kernel tells of a refusal, and takes answers from nobody else.
  socket.on('connect', () => {
    if (!isClosed) socket.send(send);
  });
  socket.connect(port, ip);
  return close;
}
