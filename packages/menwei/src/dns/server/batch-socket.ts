/**
 * Questions that come as datagrams, on one address, many a system call. Answers leave from the address that was asked, also where the
 * socket is bound to all addresses of the machine: the kernel says with each datagram where it arrived, and is told the same again.
 */
import { closeSync } from 'node:fs';
import { familyOf, ipFromBytes, isWildcard } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import {
  bind,
  DatagramBatch,
  domainOf,
  encodeSocketAddress,
  SOCK_DGRAM,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  setSocketOption,
  socket,
  socketName,
  watchReadable,
} from '@menwei/netlink/native';
import type { Peer, ServerParts } from './responder.ts';

const BATCH = 64;
/** A query is short; one that is cut off can't be read. Not a power of two: datagrams would crowd the same lines of the cache. */
const QUERY_BYTES = 2048 + 64;
const RESPONSE_BYTES = 1280 + 64;
/** After so many batches other work has its turn. */
const MOST_BATCHES = 16;
const BUFFER_BYTES = 4 << 20;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SOL_IP = 0;
const IP_PKTINFO = 8;
const SOL_IPV6 = 41;
const IPV6_V6ONLY = 26;
const IPV6_RECVPKTINFO = 49;
/** What is behind `struct cmsghdr`: `struct in_pktinfo` begins with the index of the interface, `in6_pktinfo` ends with it. */
const PKTINFO = 16;
const PKTINFO_INTERFACE_IPV6 = PKTINFO + 16;
/** Clients come back; somebody who invents addresses is not remembered for long. */
const MOST_REMEMBERED = 20_000;

/** Listens. Throws KernelError, also where there are no such calls. */
export function listenInBatches(
  { address, port }: { readonly address: string; readonly port: number },
  parts: ServerParts,
): Disposable {
  const fd = openSocket(address, port);
  try {
    return new BatchSocket(fd, address, parts);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function openSocket(ip: string, port: number): number {
  const fd = socket(domainOf(ip), SOCK_DGRAM | SOCK_NONBLOCK, 0);
  try {
    setSocketOption(fd, SOL_SOCKET, SO_RCVBUF, int(BUFFER_BYTES));
    setSocketOption(fd, SOL_SOCKET, SO_SNDBUF, int(BUFFER_BYTES));
    if (familyOf(ip) === 'IPv6') setSocketOption(fd, SOL_IPV6, IPV6_V6ONLY, int(1));
    if (isWildcard(ip)) {
      if (familyOf(ip) === 'IPv4') setSocketOption(fd, SOL_IP, IP_PKTINFO, int(1));
      else setSocketOption(fd, SOL_IPV6, IPV6_RECVPKTINFO, int(1));
    }
    bind(fd, encodeSocketAddress({ ip, port }));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function int(value: number): Uint8Array {
  return new Uint8Array(new Int32Array([value]).buffer);
}

/** Who asked, and what the kernel needs to know to answer. */
interface Asker {
  readonly name: Uint8Array;
  readonly control: Uint8Array;
}

class BatchSocket implements Disposable {
  readonly #fd: number;
  readonly #parts: ServerParts;
  readonly #isIpv4: boolean;
  readonly #nameBytes: number;
  readonly #hasControls: boolean;
  readonly #queries: DatagramBatch;
  readonly #responses: DatagramBatch;
  /** Text of IPv4 addresses by their number. */
  readonly #addresses = new Map<number, string>();
  readonly #watch: Disposable;
  /** Responses that wait to be sent, and the bytes that they take. */
  #waiting = 0;
  #used = 0;
  #isFlushSet = false;
  #isClosed = false;

  constructor(fd: number, address: string, parts: ServerParts) {
    this.#fd = fd;
    this.#parts = parts;
    this.#isIpv4 = familyOf(address) === 'IPv4';
    this.#nameBytes = socketName(fd).length;
    this.#hasControls = isWildcard(address);
    this.#queries = new DatagramBatch(BATCH, QUERY_BYTES, this.#nameBytes, this.#hasControls);
    this.#responses = new DatagramBatch(BATCH, RESPONSE_BYTES, this.#nameBytes, this.#hasControls);
    this.#watch = watchReadable(fd, () => this.#receive());
  }

  [Symbol.dispose](): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#watch[Symbol.dispose]();
    closeSync(this.#fd);
  }

  #receive(): void {
    try {
      this.#receiveSome();
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      this.#parts.observer.socketFailed('udp');
    }
  }

  #receiveSome(): void {
    for (let round = 0; round < MOST_BATCHES; round += 1) {
      const count = this.#queries.receive(this.#fd);
      for (let index = 0; index < count; index += 1) this.#answer(index);
      this.#flush();
      if (count < BATCH || this.#isClosed) return;
    }
  }

  #answer(index: number): void {
    const peer = this.#peer(index);
    const { clients, observer, responder } = this.#parts;
    if (!clients.has(peer.address)) {
      observer.refusedClient('udp');
      return;
    }
    const start = this.#queries.start(index);
    const query = this.#queries.bytes.subarray(start, start + this.#queries.length(index));
    const response = responder.answer(query, peer);
    if (response instanceof Uint8Array) this.#queue(response, index);
    else if (response !== undefined) this.#answerLater(response, this.#asker(index));
  }

  #answerLater(coming: Promise<Uint8Array | undefined>, asker: Asker): void {
    void coming.then((response) => {
      if (response === undefined || this.#isClosed) return;
      if (!this.#hasRoom(response.length)) return;
      this.#responses.names.set(asker.name, this.#waiting * DatagramBatch.NAME_STRIDE);
      this.#responses.controls.set(asker.control, this.#waiting * DatagramBatch.CONTROL_STRIDE);
      this.#put(response, asker.control.length);
      if (this.#isFlushSet) return;
      this.#isFlushSet = true;
      setImmediate(() => {
        this.#isFlushSet = false;
        if (!this.#isClosed) this.#flush();
      });
    });
  }

  #queue(response: Uint8Array, index: number): void {
    if (!this.#hasRoom(response.length)) return;
    const from = index * DatagramBatch.NAME_STRIDE;
    const to = this.#waiting * DatagramBatch.NAME_STRIDE;
    const { names } = this.#responses;
    for (let at = 0; at < this.#nameBytes; at += 1) names[to + at] = this.#queries.names[from + at] ?? 0;
    let controlLength = 0;
    if (this.#hasControls) {
      const control = this.#control(index);
      controlLength = control.length;
      this.#responses.controls.set(control, this.#waiting * DatagramBatch.CONTROL_STRIDE);
    }
    this.#put(response, controlLength);
  }

  /** Sends what waits if there is no room; false: there never is. */
  #hasRoom(length: number): boolean {
    if (length > this.#responses.bytes.length) {
      this.#parts.observer.socketFailed('udp');
      return false;
    }
    if (this.#waiting === BATCH || this.#used + length > this.#responses.bytes.length) this.#flush();
    return true;
  }

  #put(response: Uint8Array, controlLength: number): void {
    this.#responses.bytes.set(response, this.#used);
    this.#responses.place(this.#waiting, this.#used, response.length);
    if (this.#hasControls) this.#responses.setControlLength(this.#waiting, controlLength);
    this.#used += response.length;
    this.#waiting += 1;
  }

  #flush(): void {
    if (this.#waiting === 0) return;
    const unsent = this.#responses.send(this.#fd, this.#waiting);
    this.#waiting = 0;
    this.#used = 0;
    for (let count = 0; count < unsent; count += 1) this.#parts.observer.socketFailed('udp');
  }

  #peer(index: number): Peer {
    const { names } = this.#queries;
    const at = index * DatagramBatch.NAME_STRIDE;
    const port = ((names[at + 2] ?? 0) << 8) | (names[at + 3] ?? 0);
    return {
      address: this.#isIpv4 ? this.#ipv4(names, at + 4) : this.#ipv6(names, at),
      port,
      transport: 'udp',
    };
  }

  #ipv4(names: Uint8Array, at: number): string {
    const [a = 0, b = 0, c = 0, d = 0] = [names[at], names[at + 1], names[at + 2], names[at + 3]];
    const number = (a << 24) | (b << 16) | (c << 8) | d;
    const known = this.#addresses.get(number);
    if (known !== undefined) return known;
    const address = `${a}.${b}.${c}.${d}`;
    if (this.#addresses.size >= MOST_REMEMBERED) this.#addresses.clear();
    this.#addresses.set(number, address);
    return address;
  }

  #ipv6(names: Uint8Array, at: number): string {
    return ipFromBytes(names.subarray(at + 8, at + 24));
  }

  #asker(index: number): Asker {
    const at = index * DatagramBatch.NAME_STRIDE;
    return {
      name: this.#queries.names.slice(at, at + this.#nameBytes),
      control: this.#hasControls ? this.#control(index).slice() : new Uint8Array(0),
    };
  }

  /** An answer may leave by another interface than its question came by, if routes say so; but not where the address is of a link. */
  #control(index: number): Uint8Array {
    const at = index * DatagramBatch.CONTROL_STRIDE;
    const control = this.#queries.controls.subarray(at, at + this.#queries.controlLength(index));
    if (this.#isIpv4) control.fill(0, PKTINFO, PKTINFO + 4);
    else if (!isLinkLocal(control)) control.fill(0, PKTINFO_INTERFACE_IPV6, PKTINFO_INTERFACE_IPV6 + 4);
    return control;
  }
}

/** fe80::/10 */
function isLinkLocal(control: Uint8Array): boolean {
  return control[PKTINFO] === 0xfe && ((control[PKTINFO + 1] ?? 0) & 0xc0) === 0x80;
}
