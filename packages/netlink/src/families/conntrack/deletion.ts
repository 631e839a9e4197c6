/** Requests to delete conntrack entries, each in as many bytes as name it to the kernel, sent many at a time. */
import { constants } from 'node:os';
import type { IpFamily } from '../../address.ts';
import type { ExchangeAnswer, NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { decodeMessages, NLM_F_REQUEST } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { IPCTNL_MSG_CT } from './constants.ts';
import { EntryReader, encodeFamily, formatDeletion } from './message.ts';

const { ENOENT } = constants.errno;

/** Whether nobody has answered the entry that was read last, up to now. Throws KernelError. */
export function isStillUnreplied(
  family: IpFamily,
  connection: NetlinkConnection,
  entry: EntryReader,
): boolean {
  const now = new EntryReader();
  try {
    const answers = connection.request({
      operation: 'look at',
      object: `${family} conntrack entry`,
      type: IPCTNL_MSG_CT.GET,
      write(writer) {
        encodeFamily(writer, family);
        entry.writeIdentity(writer);
      },
    });
    return answers.some(({ payload }) => now.read(payload) && now.isUnreplied);
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENOENT) return false;
    throw error;
  }
}

/** Gathers requests to delete entries, sends them and counts what was deleted. */
export class Deletions {
  readonly #family: IpFamily;
  readonly #connection: NetlinkConnection;
  #writer = new MessageWriter();
  #added = 0;
  #deleted = 0;
  #refusal: KernelError | undefined;

  /** @param connection nothing else may use it */
  constructor(family: IpFamily, connection: NetlinkConnection) {
    this.#family = family;
    this.#connection = connection;
  }

  /** The entry that was read last. */
  add(entry: EntryReader): void {
    const sequence = this.#connection.takeSequences(1);
    const start = this.#writer.beginMessage(IPCTNL_MSG_CT.DELETE, NLM_F_REQUEST, sequence);
    encodeFamily(this.#writer, this.#family);
    entry.writeIdentity(this.#writer);
    this.#writer.endMessage(start);
    this.#added++;
  }

  /** Deletes what was added since the last time. Throws KernelError if there was no answer. */
  async apply(): Promise<void> {
    if (this.#added === 0) return;
    const [requests, added] = [this.#writer.bytes(), this.#added];
    this.#writer = new MessageWriter();
    this.#added = 0;
    // Only what is refused is answered.
    const refused = await this.#connection.exchange(requests);
    this.#deleted += added - refused.length;
    const failed = refused.find(({ errno }) => errno !== ENOENT);
    if (failed !== undefined) this.#refusal ??= this.#describe(failed, requests);
  }

  /** How many entries were there to be deleted. Throws KernelError if one of them is still there. */
  result(): number {
    if (this.#refusal !== undefined) throw this.#refusal;
    return this.#deleted;
  }

  #describe({ sequence, detail, errno }: ExchangeAnswer, requests: Uint8Array): KernelError {
    const request = decodeMessages(requests).find((message) => message.sequence === sequence);
    const entry = request === undefined ? '' : ` ${formatDeletion(request.payload)}`;
    return new KernelError({
      operation: 'delete',
      object: `${this.#family} conntrack entry${entry}`,
      detail,
      errno,
    });
  }
}
