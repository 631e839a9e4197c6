/** One attempt to read a dump (linux/netlink.h): messages of many parts, the last of type NLMSG_DONE. */
import { constants } from 'node:os';
import { type Acknowledgement, decodeAcknowledgement } from './acknowledgement.ts';
import { formatErrno } from './errno.ts';
import type { KernelError } from './kernel-error.ts';
import {
  type NetlinkMessage,
  NLM_F_DUMP_INTR,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
} from './message.ts';
import { failure, type NetlinkRequest } from './request.ts';

const { EAGAIN, EBUSY, EINTR, ENOBUFS } = constants.errno;
/** Another time it may go through. EBUSY: an earlier dump on this socket has not been read to its end. */
const PASSING_ERRORS: readonly number[] = [EAGAIN, EBUSY, EINTR, ENOBUFS];

/** Makes something of the messages of a dump. */
export interface DumpReader<T> {
  /** The message is overwritten as soon as this returns. Not to make a request on the same connection in here. */
  read(message: NetlinkMessage): void;
  /**
   * Called after the last message: what shows that objects are missing, or undefined. Not every list is marked by the
   * kernel when it was changed meanwhile (NLM_F_DUMP_INTR).
   */
  flaw?(): string | undefined;
  /** Called once, after the last message. */
  result(): T;
}

/** What made an attempt worthless. */
export type Disturbance = Pick<KernelError, 'detail' | 'errno'>;

/** Takes the messages of a dump until the last one, and keeps what makes them worthless. */
export class DumpAttempt {
  readonly first: number;
  readonly last: number;
  readonly #request: NetlinkRequest;
  readonly #read: (message: NetlinkMessage) => void;
  readonly #signal: AbortSignal | undefined;
  #isOver = false;
  #disturbance: Disturbance | undefined;
  #thrown: readonly [unknown] | undefined;

  constructor(
    request: NetlinkRequest,
    sequence: number,
    read: (message: NetlinkMessage) => void,
    signal: AbortSignal | undefined,
  ) {
    this.#request = request;
    this.first = sequence;
    this.last = sequence;
    this.#read = read;
    this.#signal = signal;
  }

  /** Whether the last message was there. */
  get isOver(): boolean {
    return this.#isOver;
  }

  take(message: NetlinkMessage): void {
    const { type, flags } = message;
    if ((flags & NLM_F_DUMP_INTR) !== 0) this.#disturb('NLM_F_DUMP_INTR', EINTR);
    if (type === NLMSG_DONE || type === NLMSG_ERROR) this.#end(decodeAcknowledgement(message));
    else if (type === NLMSG_OVERRUN) this.#disturb(formatErrno(ENOBUFS), ENOBUFS);
    else if (type !== NLMSG_NOOP && !this.#isUseless()) this.#readOrRemember(message);
  }

  lose(error: KernelError): void {
    this.#disturbance ??= error;
  }

  /** Call it when there is no more to receive. Throws what makes another attempt useless. */
  outcome(): Disturbance | undefined {
    if (this.#thrown !== undefined) throw this.#thrown[0];
    this.#signal?.throwIfAborted();
    if (this.#disturbance !== undefined) return this.#disturbance;
    if (!this.#isOver) throw failure(this.#request, 'the dump ended without NLMSG_DONE');
    return undefined;
  }

  #end({ errno, detail }: Acknowledgement): void {
    this.#isOver = true;
    if (errno === 0) return;
    if (PASSING_ERRORS.includes(errno)) this.#disturb(detail, errno);
    else this.#thrown ??= [failure(this.#request, detail, errno)];
  }

  #disturb(detail: string, errno: number): void {
    this.#disturbance ??= { detail, errno };
  }

  #isUseless(): boolean {
    return this.#disturbance !== undefined || this.#thrown !== undefined || this.#signal?.aborted === true;
  }

  /** Whoever reads from the socket at the moment may have nothing to do with this dump. */
  #readOrRemember(message: NetlinkMessage): void {
    try {
      this.#read(message);
    } catch (error) {
      this.#thrown = [error];
    }
  }
}
