/** The contract between the sockets and what answers: bytes in, bytes out. */
import type { AllowedClients } from './allowed-clients.ts';

export interface Peer {
  readonly address: string;
  readonly port: number;
  readonly transport: 'udp' | 'tcp';
}

export interface Responder {
  /**
   * Answers one message; any bytes may come, and none make it throw or reject. What can be answered from memory is answered at
   * once, so that sockets can send answers in batches. Undefined: nothing is said.
   *
   * @param query only as long as the call lasts: it is a part of a buffer that is used again
   */
  answer(query: Uint8Array, peer: Peer): Uint8Array | undefined | Promise<Uint8Array | undefined>;
}

export interface ServerObserver {
  /** Somebody asked who may not; nothing was said. */
  refusedClient(transport: 'udp' | 'tcp'): void;
  /** An answer could not be sent, or a connection not be accepted. */
  socketFailed(transport: 'udp' | 'tcp'): void;
}

/** What every socket needs. */
export interface ServerParts {
  readonly responder: Responder;
  readonly clients: AllowedClients;
  readonly observer: ServerObserver;
}
