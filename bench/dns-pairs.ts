/**
 * What pods call "the 5 s delay": A and AAAA of one name leave one socket together, and one of the two answers does not come. Counts pairs
 * that were not answered within a second: `node bench/dns-pairs.ts SERVER NAME [PAIRS]`, run in a pod of a lab or anywhere else.
 */
import { createSocket, type Socket } from 'node:dgram';
import { encode } from 'dns-packet';

const LATE_MS = 1_000;
const AT_ONCE = 20;

const [server = '127.0.0.1', name = 'web.default.svc.cluster.local', count = '10000'] = process.argv.slice(2);
const [host = server, port = '53'] = server.split('#');

function message(id: number, type: 'A' | 'AAAA'): Buffer {
  return encode({ type: 'query', id, flags: 0x100, questions: [{ type, name, class: 'IN' }] });
}

/** Milliseconds until both were answered; undefined: not in time. */
function askPair(): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>();
  const socket: Socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  const startMs = performance.now();
  const answered = new Set<number>();
  const finish = (ms: number | undefined) => {
    clearTimeout(timer);
    socket.close();
    resolve(ms);
  };
  const timer = setTimeout(() => finish(undefined), LATE_MS);
  socket.on('message', (bytes) => {
    answered.add(bytes.readUInt16BE(0));
    if (answered.size === 2) finish(performance.now() - startMs);
  });
  socket.on('error', () => undefined);
  socket.connect(Number(port), host, () => {
    socket.send(message(1, 'A'));
    socket.send(message(2, 'AAAA'));
  });
  return promise;
}

const times: number[] = [];
let late = 0;
let left = Number(count);
async function askInTurn(): Promise<void> {
  while (left-- > 0) {
    const ms = await askPair();
    if (ms === undefined) late++;
    else times.push(ms);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, askInTurn));
times.sort((a, b) => a - b);
const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(1);
process.stdout.write(
  `${count} pairs of ${name} at ${server}: ${late} later than ${LATE_MS} ms; median ${at(0.5)} ms, 99 % within ${at(0.99)} ms, at most ${at(0.9999)} ms\n`,
);
