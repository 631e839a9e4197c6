/** Requests to delete flows, each in as many bytes as name it to the kernel, sent many at a time. */
import { constants } from 'node:os';
import type { IpFamily } from '../../addresses/ip.ts';
import { KernelError } from '../kernel-error.ts';
import type { ExchangeAnswer, NetlinkConnection } from './connection.ts';
import { CT_DELETE, encodeFamily, type FlowReader, formatDeletion } from './conntrack-codec.ts';
import { decodeMessages, NLM_F_REQUEST } from './message.ts';
import { MessageWriter } from './message-writer.ts';

const { ENOENT } = constants.errno;
/** Some milliseconds of the kernel's time; so much is sent on another thread. */
const DATAGRAM_SIZE = 256 * 1024;

export class FlowDeletions {
  readonly #family: IpFamily;
  readonly #connection: NetlinkConnection;
  readonly #datagrams: MessageWriter[] = [];
  #count = 0;

  constructor(family: IpFamily, connection: NetlinkConnection) {
    this.#family = family;
    this.#connection = connection;
  }

  /** The flow that was read last. Nothing else may use the connection between the first flow and the last. */
  add(flow: FlowReader): void {
    let writer = this.#datagrams.at(-1);
    if (writer === undefined || writer.size >= DATAGRAM_SIZE) {
      writer = new MessageWriter();
      this.#datagrams.push(writer);
    }
    const start = writer.beginMessage(CT_DELETE, NLM_F_REQUEST, this.#connection.takeSequences(1));
    encodeFamily(writer, this.#family);
    flow.writeIdentity(writer);
    writer.endMessage(start);
    this.#count++;
  }

  /** Returns how many flows were there to be deleted. Throws KernelError if one of them is still there. */
  async apply(signal: AbortSignal): Promise<number> {
    let deleted = this.#count;
    let refusal: KernelError | undefined;
    for (const writer of this.#datagrams) {
      signal.throwIfAborted();
      // Only what is refused is answered.
      for (const answer of await this.#connection.exchange(writer.bytes())) {
        deleted--;
        if (answer.errno !== ENOENT) refusal ??= this.#refused(answer, writer);
      }
    }
    if (refusal !== undefined) throw refusal;
    return deleted;
  }

  #refused({ sequence, detail, errno }: ExchangeAnswer, writer: MessageWriter): KernelError {
    const request = decodeMessages(writer.bytes()).find((message) => message.sequence === sequence);
    const flow = request === undefined ? '' : ` ${formatDeletion(request.payload)}`;
    return new KernelError({ operation: 'delete', object: `${this.#family} flow${flow}`, detail, errno });
  }
}
