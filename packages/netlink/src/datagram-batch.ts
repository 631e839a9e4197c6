/**
 * Many datagrams a system call (recvmmsg, sendmmsg): arrays of the kernel's `struct mmsghdr`, and the memory that they point to, made
 * once and used again. On machines with 64-bit pointers.
 */
import { addressOf, receiveMessages, sendMessages } from './ffi.ts';
import { KernelError } from './kernel-error.ts';

/** Of `struct mmsghdr`, `struct iovec`, and the largest `struct sockaddr` of an IP family. */
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;
const NAME_BYTES = 32;
/** Room for one `struct in_pktinfo` or `in6_pktinfo` with what is before it. */
const CONTROL_BYTES = 64;
/** Places in a header, in words of 32 bits. */
const HEADER_WORDS = HEADER_BYTES / 4;
const NAME_LENGTH = 2;
const CONTROL_LENGTH = 10;
const MESSAGE_LENGTH = 14;

/** Datagrams, one after the other; each with the address at its other end and what the kernel says, or is told, of this end. */
export class DatagramBatch {
  readonly size: number;
  /** Of datagrams; the place of each is in {@link start}. */
  readonly bytes: Uint8Array;
  /** Encoded `struct sockaddr`, at multiples of {@link DatagramBatch.NAME_STRIDE}. */
  readonly names: Uint8Array;
  /** Ancillary data (`struct cmsghdr`), at multiples of {@link DatagramBatch.CONTROL_STRIDE}. */
  readonly controls: Uint8Array;
  static readonly NAME_STRIDE = NAME_BYTES;
  static readonly CONTROL_STRIDE = CONTROL_BYTES;
  readonly #stride: number;
  readonly #headers: Uint8Array;
  readonly #words: Uint32Array;
  readonly #vectors: BigUint64Array;
  readonly #address: bigint;
  readonly #hasControls: boolean;

  /**
   * @param stride bytes that a datagram has room for; what is longer is cut off
   * @param nameBytes the size of an address of the socket's family
   * @param hasControls whether ancillary data goes with the datagrams
   */
  constructor(size: number, stride: number, nameBytes: number, hasControls: boolean) {
    this.size = size;
    this.#stride = stride;
    this.#hasControls = hasControls;
    this.bytes = new Uint8Array(size * stride);
    this.names = new Uint8Array(size * NAME_BYTES);
    this.controls = new Uint8Array(size * CONTROL_BYTES);
    this.#headers = new Uint8Array(size * HEADER_BYTES);
    this.#words = new Uint32Array(this.#headers.buffer);
    this.#vectors = new BigUint64Array((size * VECTOR_BYTES) / 8);
    this.#address = addressOf(this.bytes);
    const pointers = new BigUint64Array(this.#headers.buffer);
    const names = addressOf(this.names);
    const controls = addressOf(this.controls);
    const vectors = addressOf(new Uint8Array(this.#vectors.buffer));
    for (let index = 0; index < size; index += 1) {
      const at = BigInt(index);
      const pointer = (index * HEADER_BYTES) / 8;
      pointers[pointer] = names + at * BigInt(NAME_BYTES);
      this.#words[index * HEADER_WORDS + NAME_LENGTH] = nameBytes;
      pointers[pointer + 2] = vectors + at * BigInt(VECTOR_BYTES);
      pointers[pointer + 3] = 1n;
      pointers[pointer + 4] = hasControls ? controls + at * BigInt(CONTROL_BYTES) : 0n;
      this.#vectors[index * 2] = this.#address + at * BigInt(stride);
      this.#vectors[index * 2 + 1] = BigInt(stride);
    }
  }

  /** Fills it with what is there, without waiting; returns how many datagrams. Throws KernelError. */
  receive(fd: number): number {
    if (this.#hasControls) {
      for (let index = 0; index < this.size; index += 1) this.setControlLength(index, CONTROL_BYTES);
    }
    return receiveMessages(fd, this.#headers, this.size);
  }

  /** Where a datagram begins in {@link bytes}. */
  start(index: number): number {
    return index * this.#stride;
  }

  length(index: number): number {
    return this.#words[index * HEADER_WORDS + MESSAGE_LENGTH] ?? 0;
  }

  controlLength(index: number): number {
    return this.#words[index * HEADER_WORDS + CONTROL_LENGTH] ?? 0;
  }

  setControlLength(index: number, length: number): void {
    this.#words[index * HEADER_WORDS + CONTROL_LENGTH] = length;
  }

  /** Says which of {@link bytes} are a datagram that is to be sent. */
  place(index: number, start: number, length: number): void {
    this.#vectors[index * 2] = this.#address + BigInt(start);
    this.#vectors[index * 2 + 1] = BigInt(length);
  }

  /** Sends the first so many, without waiting; returns how many of them could not be sent. */
  send(fd: number, count: number): number {
    let unsent = 0;
    let at = 0;
    while (at < count) {
      const headers = at === 0 ? this.#headers : this.#headers.subarray(at * HEADER_BYTES);
      try {
        at += sendMessages(fd, headers, count - at);
      } catch (error) {
        if (!(error instanceof KernelError)) throw error;
        // Of this datagram alone; the next may go elsewhere.
        unsent += 1;
        at += 1;
      }
    }
    return unsent;
  }
}
