/** Clients that wish a DNS server ill, and a judge of what it does about them. */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { decode } from 'dns-packet';
import { encodeQuery } from 'menwei/dns/wire/query.ts';
import { TYPE } from 'menwei/dns/wire/question.ts';
import type { HostileMessages } from './hostile-messages.ts';

/** Messages between two honest questions. */
const VOLLEY = 256;
/** No other message has it; those have all ids below it in turn, so that late answers are known for what they are. */
const HONEST_ID = 0xffff;
const ANSWER_WITHIN_MS = 5000;
const ASK_AGAIN_MS = 200;

interface Target {
  readonly ip: string;
  readonly port: number;
}

/** What was sent and came back; `faults` says what should not be. */
export interface Outcome {
  readonly sent: number;
  readonly answered: number;
  readonly faults: readonly string[];
}

/** Sends messages in volleys; behind each an honest question must have its answer. */
export async function floodByUdp(target: Target, messages: HostileMessages, count: number): Promise<Outcome> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 4 << 20 });
  const volley = new Volley();
  socket.on('message', (message) => volley.received(message));
  // Nobody is there: the honest question tells.
  socket.on('error', () => undefined);
  socket.connect(target.port, target.ip);
  await once(socket, 'connect');
  let sent = 0;
  while (sent < count && volley.faults.length === 0) {
    volley.begin();
    for (let index = 0; index < VOLLEY && sent < count; index += 1, sent += 1) {
      const id = sent % HONEST_ID;
      volley.sending(id);
      await send(socket, messages.next(id));
    }
    if (!(await volley.honestAnswer(socket)))
      volley.faults.push(`no answer to an honest question after ${sent} messages`);
  }
  socket.close();
  return { sent, answered: volley.answered, faults: volley.faults };
}

class Volley {
  readonly faults: string[] = [];
  answered = 0;
  /** By id: how many answers there may be. */
  readonly #owed = new Uint8Array(HONEST_ID);
  #honest = Promise.withResolvers<true>();

  begin(): void {
    this.#honest = Promise.withResolvers();
  }

  sending(id: number): void {
    this.#owed[id] = 1;
  }

  received(message: Buffer): void {
    const id = message.length < 2 ? -1 : message.readUInt16BE();
    if (id === HONEST_ID) {
      this.#honest.resolve(true);
      return;
    }
    this.answered += 1;
    if (this.#owed[id] !== 1) this.faults.push(`an answer too many, with the id ${id}`);
    this.#owed[id] = 0;
    try {
      if (decode(message).type !== 'response') this.faults.push('an answer that is a query');
    } catch (error) {
      this.faults.push(`an answer that can't be read: ${error}: ${message.toString('hex')}`);
    }
  }

  /** The kernel may drop what comes too fast, so it is asked more than once. */
  async honestAnswer(socket: UdpSocket): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < ANSWER_WITHIN_MS; waitedMs += ASK_AGAIN_MS) {
      await send(socket, questionFor('web'));
      if (await Promise.race([this.#honest.promise, sleep(ASK_AGAIN_MS, false)])) return true;
    }
    return false;
  }
}

function questionFor(service: string): Uint8Array {
  const question = { name: `${service}.default.svc.cluster.local`, type: TYPE.A, class: 1 };
  return encodeQuery(question, { id: HONEST_ID, recursionDesired: true }) ?? new Uint8Array();
}

function framed(message: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.of(message.length >> 8, message.length & 0xff), message]);
}

async function send(socket: UdpSocket, message: Uint8Array): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  socket.send(message, () => resolve());
  await promise;
}

/** Their answers are more than the kernel keeps for a client that does not read. */
const MANY_QUESTIONS = Buffer.concat(Array.from({ length: 5000 }, () => framed(questionFor('headless'))));

const READS_NOTHING = 'asks much and reads nothing';
/** What each of many connections does that it should not. */
const MISCHIEF: Readonly<Record<string, (socket: Socket, messages: HostileMessages) => void>> = {
  'says nothing': () => undefined,
  'begins a message and never ends it': (socket) => socket.write(Uint8Array.of(1)),
  'says that a message is long, and sends a little now and then': (socket) => {
    socket.write(Uint8Array.of(0xff, 0xff));
    const drip = setInterval(() => socket.write(Uint8Array.of(0)), 100);
    socket.on('close', () => clearInterval(drip));
  },
  [READS_NOTHING]: (socket) => {
    socket.pause();
    socket.write(MANY_QUESTIONS);
  },
  'sends what is no message': (socket, messages) => {
    for (let id = 0; id < 20; id += 1) {
      const message = messages.next(id);
      socket.write(framed(message));
    }
  },
};

/** Opens many connections of each kind, and asks honestly by UDP and TCP while they are there. */
export async function crowdByTcp(target: Target, messages: HostileMessages, each: number): Promise<Outcome> {
  const faults: string[] = [];
  let sent = 0;
  for (const [what, does] of Object.entries(MISCHIEF)) {
    // Of those that take room in the kernel itself there are fewer: it has only so much for all, honest ones included.
    const count = what === READS_NOTHING ? Math.ceil(each / 10) : each;
    const sockets = Array.from({ length: count }, () => connect(target.port, target.ip));
    for (const socket of sockets) {
      socket.on('error', () => undefined).once('connect', () => does(socket, messages));
      if (what !== READS_NOTHING) socket.resume();
    }
    sent += count;
    await sleep(300);
    if (!(await isAnsweredByTcp(target)))
      faults.push(`no answer by TCP while each of ${count} clients ${what}`);
    const { faults: byUdp } = await floodByUdp(target, messages, 1);
    faults.push(...byUdp.map((fault) => `${fault}, while each of ${count} clients ${what}`));
    for (const socket of sockets) socket.destroy();
  }
  return { sent, answered: 0, faults };
}

async function isAnsweredByTcp({ ip, port }: Target): Promise<boolean> {
  const socket = connect(port, ip);
  socket.on('error', () => undefined);
  socket.write(framed(questionFor('web')));
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('data', () => resolve(true)).once('close', () => resolve(false));
  const timer = setTimeout(() => resolve(false), ANSWER_WITHIN_MS);
  const isAnswered = await promise;
  clearTimeout(timer);
  socket.destroy();
  return isAnswered;
}
