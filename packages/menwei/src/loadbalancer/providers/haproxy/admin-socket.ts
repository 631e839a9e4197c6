/** HAProxy's command lines: one question, one answer, over a socket that is on this machine. */
import { createConnection, type Socket } from 'node:net';
import { isLoopback, parseHostPort } from '@menwei/addresses/ip.ts';
import { ProviderError } from '../provider.ts';

const ANSWER_LIMIT_MS = 10_000;
const MOST_ANSWER_BYTES = 64 * 2 ** 20;

/** A path, or an address and port of this machine. */
export type SocketAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/**
 * `/run/haproxy/admin.sock`, `127.0.0.1:9999`; a text says what is wrong with another one. Who reaches such a socket has
 * the load balancer, unasked; so it must not leave the machine.
 */
export function parseSocketAddress(text: string): SocketAddress | string {
  if (text.startsWith('/')) return { path: text };
  const address = parseHostPort(text);
  if (address === undefined)
    return `${JSON.stringify(text)} is neither an absolute path nor an address with a port`;
  if (!isLoopback(address.ip)) {
    return `${text} is no address of this machine: HAProxy asks nobody there who they are. Use a unix socket, 127.0.0.1 or [::1], or a tunnel to one`;
  }
  return { host: address.ip, port: address.port };
}

export class AdminSocket {
  readonly #name: string;
  readonly #address: SocketAddress;

  constructor(address: SocketAddress) {
    this.#address = address;
    this.#name = 'path' in address ? address.path : `${address.host}:${address.port}`;
  }

  /** @throws ProviderError when nobody answers there */
  async ask(command: string, signal: AbortSignal): Promise<string> {
    if (/[\n;]/.test(command)) throw new Error(`BUG: ${JSON.stringify(command)} is more than one command`);
    signal.throwIfAborted();
    const socket = createConnection(this.#address);
    const abort = () => socket.destroy(new Error('given up'));
    signal.addEventListener('abort', abort, { once: true });
    try {
      return (await readAnswer(socket, command)).trim();
    } catch (cause) {
      signal.throwIfAborted();
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ProviderError(`haproxy does not answer at ${this.#name}: ${why}`);
    } finally {
      signal.removeEventListener('abort', abort);
      socket.destroy();
    }
  }
}

function readAnswer(socket: Socket, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let room = MOST_ANSWER_BYTES;
    socket.setTimeout(ANSWER_LIMIT_MS, () => socket.destroy(new Error('it takes too long')));
    socket.end(`${command}\n`);
    socket.on('data', (chunk: Buffer) => {
      room -= chunk.length;
      if (room < 0) socket.destroy(new Error('it says too much'));
      chunks.push(chunk);
    });
    socket.once('error', reject);
    socket.once('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    socket.once('close', () => reject(new Error('the connection ended early')));
  });
}
