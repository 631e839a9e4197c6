/** A netlink socket: sends one request, gives its answers. */
import { closeSync, readSync, writeSync } from 'node:fs';
import { getSystemErrorMessage, getSystemErrorName } from 'node:util';
import { AF_NETLINK, SOCK_NONBLOCK, SOCK_RAW, setSocketOption, socket } from '../ffi.ts';
import { KernelError } from '../kernel-error.ts';
import { decodeAttributes, decodeText } from './attribute.ts';
import {
  decodeAcknowledgement,
  decodeMessages,
  encodeMessage,
  type NetlinkMessage,
  NLM_F_ACK,
  NLM_F_REQUEST,
  NLMSG_ERROR,
} from './message.ts';

export const NETLINK_NETFILTER = 12;

const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NLMSGERR_ATTR_MSG = 1;
/** The kernel sends no datagram that is larger. */
const RECEIVE_BUFFER_SIZE = 32 * 1024;
const ON = new Uint8Array(new Uint32Array([1]).buffer);

export interface NetlinkRequest {
  /** What is asked for, for error messages: `create`, `accounting object foo`. */
  readonly operation: string;
  readonly object: string;
  readonly type: number;
  /** NLM_F_*, beside NLM_F_REQUEST and NLM_F_ACK, which are always set. */
  readonly flags?: number;
  readonly payload: Uint8Array;
}

/** Belongs to the network namespace its thread was in when it was opened. All methods throw KernelError. */
export class NetlinkSocket implements Disposable {
  readonly #fd: number;
  readonly #buffer = new Uint8Array(RECEIVE_BUFFER_SIZE);
  #sequence = 0;

  /** @param protocol NETLINK_* */
  constructor(protocol: number) {
    // The kernel answers before the write returns; what isn't there then will never come.
    this.#fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, protocol);
    setSocketOption(this.#fd, SOL_NETLINK, NETLINK_CAP_ACK, ON);
    setSocketOption(this.#fd, SOL_NETLINK, NETLINK_EXT_ACK, ON);
  }

  /** Waits for the acknowledgement and gives the answers that came before it. */
  request({ operation, object, type, flags = 0, payload }: NetlinkRequest): readonly NetlinkMessage[] {
    this.#sequence++;
    const sequence = this.#sequence;
    const answers: NetlinkMessage[] = [];
    try {
      writeSync(
        this.#fd,
        encodeMessage({ type, flags: flags | NLM_F_REQUEST | NLM_F_ACK, sequence, payload }),
      );
      for (;;) {
        for (const answer of this.#receive()) {
          // What is left of a request that failed half-way.
          if (answer.sequence !== sequence) continue;
          if (answer.type !== NLMSG_ERROR) answers.push(answer);
          else return checkAcknowledgement(operation, object, answer, answers);
        }
      }
    } catch (cause) {
      if (cause instanceof KernelError) throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new KernelError({ operation, object, detail, cause });
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }

  #receive(): readonly NetlinkMessage[] {
    const size = readSync(this.#fd, this.#buffer);
    // A copy: the next datagram overwrites the buffer.
    return decodeMessages(this.#buffer.slice(0, size));
  }
}

function checkAcknowledgement(
  operation: string,
  object: string,
  message: NetlinkMessage,
  answers: readonly NetlinkMessage[],
): readonly NetlinkMessage[] {
  const { errno, attributes } = decodeAcknowledgement(message);
  if (errno === 0) return answers;
  const words = decodeAttributes(attributes).get(NLMSGERR_ATTR_MSG);
  const reason = `${getSystemErrorMessage(-errno)} (${getSystemErrorName(-errno)})`;
  const detail = words === undefined ? reason : `${reason}: ${decodeText(words)}`;
  throw new KernelError({ operation, object, detail, errno });
}
