/** A TCP socket to an endpoint. What it says is passed to the client of its connection from the first byte on. */
import { Socket } from 'node:net';
import type { RelayEndpoint } from './contract.ts';

/** Probes are sent over connections where nothing goes, which finds peers that vanished (as Go does for kube-proxy). */
const KEEP_ALIVE_MS = 15_000;
const BUFFER_BYTES = 65_536;

/** What sockets of clients and of endpoints have in common. */
export const SOCKET_OPTIONS = {
  allowHalfOpen: true,
  noDelay: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
} as const;

/**
 * An endpoint may answer and then end everything without reading all that the client sends (HTTP 413). Our next write fails
 * then, and the stream would close before the answer is read. So a write that comes to nothing is no error before that.
 */
export class EndpointSocket extends Socket {
  connection: { readonly client: Socket } | undefined;
  /** Nothing gets to the endpoint any more. */
  hasLostWrites = false;

  override _write(chunk: Buffer, encoding: BufferEncoding, written: Written): void {
    super._write(chunk, encoding, (error) => this.#settle(error, written));
  }

  override _writev(chunks: { chunk: Buffer; encoding: BufferEncoding }[], written: Written): void {
    super._writev?.(chunks, (error) => this.#settle(error, written));
  }

  #settle(error: NodeJS.ErrnoException | null | undefined, written: Written): void {
    if (!this.readableEnded && (error?.code === 'EPIPE' || error?.code === 'ECONNRESET')) {
      this.hasLostWrites = true;
      written();
    } else written(error);
  }
}

type Written = (error?: Error | null) => void;

/** Starts to connect. `settled` is called once, unless the socket is destroyed before; then it has no error listener. */
export function connectToEndpoint(
  { ip, port }: RelayEndpoint,
  settled: (error: NodeJS.ErrnoException | undefined) => void,
): EndpointSocket {
  const socket = new EndpointSocket({
    ...SOCKET_OPTIONS,
    onread: { buffer: received, callback: passToClient },
  });
  const connected = () => {
    socket.off('error', refused);
    // Nobody listens there, and chance gave our end the very same port: TCP takes that for a connection.
    if (socket.localPort === port && socket.localAddress === ip) {
      socket.destroy();
      settled(Object.assign(new Error('connected to itself'), { code: 'ECONNREFUSED' }));
    } else settled(undefined);
  };
  const refused = (error: NodeJS.ErrnoException) => {
    socket.off('connect', connected);
    settled(error);
  };
  return socket.once('connect', connected).once('error', refused).connect({ host: ip, port });
}

/** Where data from all endpoints arrives; it is copied before the next comes. */
const received = Buffer.allocUnsafeSlow(BUFFER_BYTES);
/** The copy. It can be used again if the kernel took all of it at once, which is the rule. */
let passing = Buffer.allocUnsafeSlow(BUFFER_BYTES);

/** What a socket does with data, `length` bytes of {@link received}; false: no more for now. */
function passToClient(this: EndpointSocket, length: number): boolean {
  const client = this.connection?.client;
  if (client === undefined) throw new Error('BUG: data from an endpoint that nobody was connected to');
  // It has to wait, so no more is kept than what there is.
  if (client.writableLength > 0) return client.write(Buffer.from(received.subarray(0, length)));
  received.copy(passing, 0, 0, length);
  const goOn = client.write(passing.subarray(0, length));
  if (client.writableLength > 0) passing = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return goOn;
}
