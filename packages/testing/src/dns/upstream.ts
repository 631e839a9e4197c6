/** An upstream on loopback that says what a test wants: by UDP and TCP, on the same port. */
import { createSocket, type RemoteInfo, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { type Answer, decode, encode, type Packet, type Question } from 'dns-packet';

interface Asked {
  readonly question: Question;
  readonly query: Packet;
  readonly transport: 'udp' | 'tcp';
  /** The port that it came from. */
  readonly port: number;
}

/** What is said: a message, several, or nothing. */
type Said = Uint8Array | readonly Uint8Array[] | undefined;
export type Script = (asked: Asked) => Said | Promise<Said>;

export class ScriptedUpstream {
  readonly asked: Asked[] = [];
  /** TCP connections that were made. */
  connections = 0;
  script: Script;
  readonly ip: string;
  #port = 0;
  #udp: UdpSocket | undefined;
  #tcp: Server | undefined;
  readonly #sockets = new Set<Socket>();

  private constructor(script: Script, ip: string) {
    this.script = script;
    this.ip = ip;
  }

  static async start(script: Script, ip = '127.0.0.1'): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(script, ip);
    await upstream.listen();
    return upstream;
  }

  get port(): number {
    return this.#port;
  }

  get address(): { readonly ip: string; readonly port: number } {
    return { ip: this.ip, port: this.#port };
  }

  /** Again on the same port, after {@link close}. */
  async listen(): Promise<void> {
    const tcp = createServer((socket) => this.#serve(socket));
    tcp.listen(this.#port, this.ip);
    await once(tcp, 'listening');
    const bound = tcp.address();
    if (bound === null || typeof bound === 'string') throw new Error('BUG: a TCP server without a port');
    this.#port = bound.port;
    const udp = createSocket(this.ip.includes(':') ? 'udp6' : 'udp4');
    udp.on('message', (message, from) => void this.#answerUdp(udp, message, from));
    udp.bind(this.#port, this.ip);
    await once(udp, 'listening');
    this.#tcp = tcp;
    this.#udp = udp;
  }

  async close(): Promise<void> {
    const { tcp, udp } = { tcp: this.#tcp, udp: this.#udp };
    this.#tcp = undefined;
    this.#udp = undefined;
    for (const socket of this.#sockets) socket.destroy();
    if (udp !== undefined) await new Promise<void>((resolve) => udp.close(() => resolve()));
    if (tcp !== undefined) await new Promise<void>((resolve) => tcp.close(() => resolve()));
  }

  /** Ends all TCP connections, as a server does that has waited for too long. */
  disconnect(): void {
    for (const socket of this.#sockets) socket.end();
  }

  async #answerUdp(udp: UdpSocket, message: Uint8Array, { address, port }: RemoteInfo): Promise<void> {
    const messages = await this.#ask(message, 'udp', port);
    if (this.#udp !== udp) return;
    for (const said of messages) udp.send(said, port, address);
  }

  #serve(socket: Socket): void {
    this.connections += 1;
    this.#sockets.add(socket);
    let received = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#sockets.delete(socket));
    socket.on('data', (data) => {
      received = Buffer.concat([received, data]);
      while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
        const message = received.subarray(2, 2 + received.readUInt16BE(0));
        received = received.subarray(2 + message.length);
        void this.#answerTcp(socket, message);
      }
    });
  }

  async #answerTcp(socket: Socket, message: Uint8Array): Promise<void> {
    for (const said of await this.#ask(message, 'tcp', socket.remotePort ?? 0)) {
      if (!socket.destroyed)
        socket.write(Buffer.concat([Uint8Array.of(said.length >> 8, said.length & 255), said]));
    }
  }

  async #ask(message: Uint8Array, transport: 'udp' | 'tcp', port: number): Promise<readonly Uint8Array[]> {
    const query = decode(Buffer.from(message));
    const [question] = query.questions ?? [];
    if (question === undefined) throw new Error('a query without a question');
    const asked = { question, query, transport, port };
    this.asked.push(asked);
    const said = await this.script(asked);
    if (said === undefined) return [];
    return said instanceof Uint8Array ? [said] : said;
  }
}

interface Details {
  readonly rcode?: 'NOERROR' | 'FORMERR' | 'SERVFAIL' | 'NXDOMAIN' | 'NOTIMP' | 'REFUSED';
  readonly authorities?: readonly Answer[];
  readonly additionals?: readonly Answer[];
  readonly isTruncated?: boolean;
}

const RCODES = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5 };
const QR_RD_RA = 0x8180;
const TC = 0x0200;

/** A response to what was asked. */
export function say({ query }: Asked, answers: readonly Answer[], details: Details = {}): Buffer {
  const { rcode = 'NOERROR', authorities = [], additionals = [], isTruncated = false } = details;
  const response = encode({
    type: 'response',
    id: query.id ?? 0,
    questions: query.questions ?? [],
    answers: [...answers],
    authorities: [...authorities],
    additionals: [...additionals],
  });
  response.writeUInt16BE(QR_RD_RA | (isTruncated ? TC : 0) | RCODES[rcode], 2);
  return response;
}

/** The A record of the name that was asked. */
export function address({ question }: Asked, data: string, ttl = 60): Answer {
  return { type: 'A', name: question.name, data, ttl };
}
