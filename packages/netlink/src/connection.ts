/**
 * Requests and their answers over one netlink socket (linux/netlink.h). The kernel does its work while a request is
 * being sent, and has answered when that returns: what isn't there then never comes. Only a dump goes on, piece by piece,
 * as it is read.
 */
import { constants } from 'node:os';
import { type Acknowledgement, decodeAcknowledgement } from './acknowledgement.ts';
import { type Disturbance, DumpAttempt, type DumpReader } from './dump-attempt.ts';
import { EventLoopTurn } from './event-loop.ts';
import { KernelError } from './kernel-error.ts';
import {
  decodeMessages,
  decodeSequences,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_DUMP,
  NLMSG_ERROR,
} from './message.ts';
import { encodeRequest, failure, type NetlinkRequest } from './request.ts';
import type { NetlinkTransport } from './transport.ts';

export type { DumpReader } from './dump-attempt.ts';
export type { NetlinkRequest } from './request.ts';

const { EAGAIN, EINTR, ENOBUFS } = constants.errno;
const MAX_SEQUENCE = 0xffffffff;
const MAX_ATTEMPTS = 5;
/** The kernel is done with smaller ones in about a millisecond. */
const LARGE_DATAGRAM = 256 * 1024;

/** What became of one message of a datagram. */
export interface ExchangeAnswer extends Acknowledgement {
  readonly sequence: number;
}

/** Whoever waits for the answers to the messages with these sequence numbers. */
interface Recipient {
  readonly first: number;
  readonly last: number;
  take(message: NetlinkMessage): void;
  /** Answers were lost, maybe these ones. */
  lose(error: KernelError): void;
}

/**
 * Owns its transport. Of dumps and exchanges one is under way at a time, the others wait for their turn; requests may be
 * made meanwhile.
 */
export class NetlinkConnection implements Disposable {
  readonly #transport: NetlinkTransport;
  readonly #recipients = new Set<Recipient>();
  #nextSequence = 1;
  #previousTurn: Promise<void> = Promise.resolve();
  /** Under way or waiting. */
  #turns = 0;
  #isDisposed = false;
  /** The next datagram would overwrite the one whose messages are being handed over. */
  #isDelivering = false;

  constructor(transport: NetlinkTransport) {
    this.#transport = transport;
  }

  /** Who we are: {@link NetlinkMessage.port} of all that the kernel says because of us. */
  get portId(): number {
    return this.#transport.portId;
  }

  /** Sequence numbers for `count` messages, in a row; returns the first. None is 0. */
  takeSequences(count: number): number {
    if (this.#nextSequence + count > MAX_SEQUENCE) this.#nextSequence = 1;
    const first = this.#nextSequence;
    this.#nextSequence += count;
    return first;
  }

  /**
   * Returns the answers that came before the acknowledgement, without giving the event loop a turn. What failed for a
   * passing reason is repeated. Throws KernelError.
   */
  request(request: NetlinkRequest): readonly NetlinkMessage[] {
    for (let attempt = 1; ; attempt++) {
      const { errno, detail, answers } = this.#requestOnce(request);
      if (errno === 0) return answers;
      const isPassing = errno === EINTR || errno === EAGAIN;
      if (!isPassing || attempt === MAX_ATTEMPTS) throw failure(request, detail, errno);
    }
  }

  /**
   * Reads all objects of a kind. `start` is called for every attempt: a dump is begun again if something changed or was
   * lost meanwhile. Gives the event loop its turns. Throws KernelError (also when no attempt went through), what the
   * reader throws, or the signal's reason.
   */
  dump<T>(request: NetlinkRequest, start: () => DumpReader<T>, signal?: AbortSignal): Promise<T> {
    return this.#inTurn(async () => {
      for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted();
        const reader = start();
        const read = (message: NetlinkMessage): void => reader.read(message);
        const dump = new DumpAttempt(request, this.takeSequences(1), read, signal);
        const disturbance = (await this.#dumpOnce(request, dump)) ?? flawOf(reader);
        if (disturbance === undefined) return reader.result();
        if (attempt < MAX_ATTEMPTS) continue;
        const detail = `dump interrupted ${MAX_ATTEMPTS} times (${disturbance.detail})`;
        throw failure(request, detail, disturbance.errno);
      }
    });
  }

  /**
   * Sends one datagram of many messages, numbered in a row by {@link takeSequences}, and returns all acknowledgements and
   * errors that came back. The kernel's work on a large one is done on another thread; until the promise is settled the
   * bytes must stay as they are. Throws KernelError, also when answers were lost and no error is among those that are left.
   */
  exchange(datagram: Uint8Array): Promise<readonly ExchangeAnswer[]> {
    return this.#inTurn(async () => {
      const answers: ExchangeAnswer[] = [];
      let lost: KernelError | undefined;
      const recipient: Recipient = {
        ...decodeSequences(datagram),
        take(message) {
          if (message.type !== NLMSG_ERROR) return;
          answers.push({ sequence: message.sequence, ...decodeAcknowledgement(message) });
        },
        lose(error) {
          lost = error;
        },
      };
      await this.#withRecipient(recipient, async () => {
        if (datagram.length < LARGE_DATAGRAM) this.#transport.send(datagram);
        else await this.#transport.sendAside(datagram);
        await this.#receiveInPieces(() => false);
      });
      // The queue of a socket keeps what came first, and a batch with an error is refused as a whole.
      if (lost !== undefined && answers.every(({ errno }) => errno === 0)) throw lost;
      return answers;
    });
  }

  /** What is under way comes to its end first. */
  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#closeIfIdle();
  }

  #requestOnce(request: NetlinkRequest): Acknowledgement & { readonly answers: readonly NetlinkMessage[] } {
    const answers: NetlinkMessage[] = [];
    let end: Acknowledgement | undefined;
    let lost: KernelError | undefined;
    const sequence = this.takeSequences(1);
    const recipient: Recipient = {
      first: sequence,
      last: sequence,
      take(message) {
        if (message.type === NLMSG_ERROR) end = decodeAcknowledgement(message);
        // A copy: the next datagram overwrites it.
        else answers.push({ ...message, payload: message.payload.slice() });
      },
      lose(error) {
        lost = error;
      },
    };
    this.#recipients.add(recipient);
    try {
      this.#transport.send(encodeRequest(request, NLM_F_ACK, sequence));
      while (end === undefined) {
        if (lost !== undefined) throw lost;
        if (!this.#receive()) throw failure(request, 'no answer from the kernel');
      }
      return { ...end, answers };
    } catch (cause) {
      throw named(request, cause);
    } finally {
      this.#recipients.delete(recipient);
    }
  }

  async #dumpOnce(request: NetlinkRequest, attempt: DumpAttempt): Promise<Disturbance | undefined> {
    try {
      await this.#withRecipient(attempt, () => {
        this.#transport.send(encodeRequest(request, NLM_F_DUMP, attempt.first));
        // To the end even if it is of no use any more: the kernel begins no other dump on this socket before.
        return this.#receiveInPieces(() => attempt.isOver);
      });
    } catch (cause) {
      throw named(request, cause);
    }
    return attempt.outcome();
  }

  async #withRecipient(recipient: Recipient, action: () => Promise<void>): Promise<void> {
    this.#recipients.add(recipient);
    try {
      await action();
    } finally {
      this.#recipients.delete(recipient);
    }
  }

  /** Until there is no more, or `isOver`. */
  async #receiveInPieces(isOver: () => boolean): Promise<void> {
    const turn = new EventLoopTurn();
    while (!isOver() && this.#receive()) if (turn.isOver) await turn.next();
  }

  /** Hands the messages of the next datagram to whom they belong; false: there was none. */
  #receive(): boolean {
    if (this.#isDelivering) {
      throw new Error('BUG: a netlink request by the reader of a dump on the same connection');
    }
    this.#isDelivering = true;
    try {
      const datagram = this.#transport.receive();
      if (datagram === undefined) return false;
      for (const message of decodeMessages(datagram)) this.#deliver(message);
    } catch (error) {
      // What can't be decoded is as good as lost.
      const isLost = error instanceof KernelError && (error.errno === undefined || error.errno === ENOBUFS);
      if (!isLost) throw error;
      for (const recipient of this.#recipients) recipient.lose(error);
    } finally {
      this.#isDelivering = false;
    }
    return true;
  }

  /** What belongs to nobody is left of a request that failed half-way. */
  #deliver(message: NetlinkMessage): void {
    for (const recipient of this.#recipients) {
      if (message.sequence >= recipient.first && message.sequence <= recipient.last) recipient.take(message);
    }
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    this.#turns++;
    const turn = this.#previousTurn.then(action).finally(() => {
      this.#turns--;
      this.#closeIfIdle();
    });
    // Without its result, which may be large.
    this.#previousTurn = turn.then(
      () => undefined,
      () => undefined,
    );
    return turn;
  }

  #closeIfIdle(): void {
    if (this.#isDisposed && this.#turns === 0) this.#transport[Symbol.dispose]();
  }
}

/** An error of the socket, told as a failure of the request. */
function named(request: NetlinkRequest, cause: unknown): unknown {
  return cause instanceof KernelError ? failure(request, cause.detail, cause.errno, cause) : cause;
}

function flawOf(reader: DumpReader<unknown>): Disturbance | undefined {
  const detail = reader.flaw?.();
  return detail === undefined ? undefined : { detail, errno: EINTR };
}
