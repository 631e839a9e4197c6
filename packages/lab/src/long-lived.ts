/** TCP connections that stay open, to see whether what happens meanwhile breaks them. Runs in a host's thread. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { type Failure, failureOf, isFailure, type Outcome } from './outcome.ts';
import { DEFAULT_TIMEOUT_MS, decodeAnswer, type RequestOptions, type Target, timedOut } from './request.ts';

export type ConnectionStatus = 'open' | 'closed' | 'reset';

/** A connection whose other end sends back all it gets. */
export class EchoConnection {
  readonly #socket: Socket;
  #received = '';
  #failure: Failure | undefined;
  #isEnded = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.setNoDelay(true);
    socket.on('data', (text: string) => {
      this.#received += text;
    });
    socket.on('error', (error) => {
      this.#failure = failureOf(error);
    });
    socket.on('end', () => {
      this.#isEnded = true;
    });
  }

  /** Connects and asks for the echo protocol; the outcome says which pod is at the other end. */
  static async open(
    target: Target,
    options: RequestOptions,
  ): Promise<{ readonly connection?: EchoConnection; readonly outcome: Outcome }> {
    const socket = connect({
      host: target.address,
      port: target.port,
      ...(options.from === undefined ? {} : { localAddress: options.from }),
      ...(options.sourcePort === undefined ? {} : { localPort: options.sourcePort }),
    });
    const connection = new EchoConnection(socket);
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${formatHostPort(target.address, target.port)}\r\n` +
        'Connection: Upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    const greeting = await connection.#receive(
      /^[\s\S]*?\r\n\r\n(.*)\n/,
      options.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    );
    const outcome = typeof greeting === 'string' ? decodeAnswer(greeting) : greeting;
    if (isFailure(outcome)) {
      socket.destroy();
      return { outcome };
    }
    return { connection, outcome };
  }

  get status(): ConnectionStatus {
    if (this.#failure !== undefined) return 'reset';
    return this.#isEnded || this.#socket.destroyed ? 'closed' : 'open';
  }

  /** Sends a line and waits for it to come back; one at a time. */
  async echo(text: string, timeoutMs: number): Promise<string | Failure> {
    if (this.status === 'open') this.#socket.write(`${text}\n`);
    return await this.#receive(/^(.*)\n/, timeoutMs);
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    this.#socket.end();
    // The other side may have reset it, which is an end as well.
    const closed = once(this.#socket, 'close').catch(() => undefined);
    await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 200))]);
    this.#socket.destroy();
  }

  /** Takes what `pattern` matches off the received text, and returns its group. */
  async #receive(pattern: RegExp, timeoutMs: number): Promise<string | Failure> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const match = pattern.exec(this.#received);
      if (match !== null) {
        this.#received = this.#received.slice(match[0].length);
        return match[1] ?? '';
      }
      if (this.#failure !== undefined) return this.#failure;
      if (this.status === 'closed') return { error: 'closed', detail: 'the other side ended the connection' };
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) return timedOut(timeoutMs);
      await this.#somethingHappens(leftMs);
    }
  }

  #somethingHappens(atMostMs: number): Promise<void> {
    return new Promise((resolve) => {
      const events = ['data', 'end', 'error', 'close'] as const;
      const finish = (): void => {
        clearTimeout(timer);
        for (const event of events) this.#socket.off(event, finish);
        resolve();
      };
      const timer = setTimeout(finish, atMostMs);
      for (const event of events) this.#socket.on(event, finish);
    });
  }
}
