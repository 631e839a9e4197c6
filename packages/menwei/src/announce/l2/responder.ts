/** What answers on one interface for the addresses of one IP family. */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { answer, askedFor, claimedIn, gratuitous, probe, type Station } from '@menwei/neighbor/announcing.ts';
import type { MacAddress, NeighborMessage } from '@menwei/neighbor/message.ts';
import { KernelError } from '@menwei/netlink';
import type { Claim } from '../speaker.ts';
import type { Port, SegmentInterface, Wire } from './wire.ts';

const { EAGAIN, ENOBUFS } = constants.errno;

/** An address that is answered for. */
interface Answered {
  readonly address: string;
  requests: number;
  answers: number;
}

/** Who waits for somebody to say that they have an address. */
interface Question {
  answered(mac: MacAddress): void;
  failed(error: Error): void;
}

interface ResponderOptions {
  readonly wire: Wire;
  readonly interface: SegmentInterface;
  readonly family: IpFamily;
  /** Whether it is one of this node: what its own interfaces say to each other is no claim. */
  readonly isOwnMac: (mac: MacAddress) => boolean;
  readonly onClaim: (claim: Claim) => void;
  /** Before anything is heard. */
  readonly onHearing: () => void;
}

export class Responder implements Disposable {
  readonly #options: ResponderOptions;
  readonly #port: Port;
  readonly #answered = new Map<string, Answered>();
  readonly #questions = new Map<string, Set<Question>>();
  #interface: SegmentInterface;
  #failure: Error | undefined;

  /** Throws an error that says why it can't hear or speak there. */
  constructor(options: ResponderOptions) {
    this.#options = options;
    this.#interface = options.interface;
    this.#port = options.wire.open(options.interface.index, options.family, {
      onMessage: (message) => this.#take(message),
      onError: (error) => this.#fail(error),
    });
  }

  get interface(): SegmentInterface {
    return this.#interface;
  }

  /** Why it can't be relied on any more; what it missed is not made good. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Nobody needs it. */
  get isIdle(): boolean {
    return this.#answered.size === 0 && this.#questions.size === 0;
  }

  /** Whether it still works, by asking the kernel; otherwise {@link failure} says why not. */
  check(): boolean {
    if (this.#failure !== undefined) return false;
    try {
      if (!this.#port.isBound()) this.#fail(new Error(`${this.#interface.name} is another interface now`));
    } catch (error) {
      this.#fail(asError(error));
    }
    return this.#failure === undefined;
  }

  /** The same interface, as it is now. */
  update(now: SegmentInterface): void {
    this.#interface = now;
  }

  /** From now on it answers. Throws an error that says why not. */
  add(entry: Answered): void {
    if (this.#answered.get(entry.address) === entry) return;
    if (this.#options.family === 'IPv6') this.#port.join(entry.address);
    this.#port.hearOf(entry.address);
    this.#answered.set(entry.address, entry);
  }

  remove(address: string): void {
    if (!this.#answered.delete(address) || this.#failure !== undefined) return;
    this.#ignoreUnlessNeeded(address);
    if (this.#options.family !== 'IPv6') return;
    try {
      this.#port.leave(address);
    } catch (error) {
      this.#fail(asError(error));
    }
  }

  /** Tells all neighbours that the address is here; false: it could not. */
  tell(address: string): boolean {
    return (
      this.#failure === undefined && gratuitous(address, this.#station).every((said) => this.#send(said))
    );
  }

  /** Asks all neighbours for the address, as a newcomer. Throws an error that says why not. */
  ask(address: string): void {
    this.#port.send(probe(address, this.#interface.mac));
  }

  /** Until it is disposed of, the question hears who says that they have the address, or that nothing can be heard any more. */
  listen(address: string, question: Question): Disposable {
    const questions = this.#questions.get(address) ?? new Set();
    this.#questions.set(address, questions.add(question));
    this.#port.hearOf(address);
    return {
      [Symbol.dispose]: () => {
        questions.delete(question);
        if (questions.size > 0 || !this.#questions.delete(address)) return;
        this.#ignoreUnlessNeeded(address);
      },
    };
  }

  [Symbol.dispose](): void {
    this.#answered.clear();
    this.#port[Symbol.dispose]();
    this.#failQuestions(this.#failure ?? new Error(`${this.#interface.name} can't be used any more`));
  }

  #ignoreUnlessNeeded(address: string): void {
    if (!this.#answered.has(address) && !this.#questions.has(address)) this.#port.ignore(address);
  }

  get #station(): Station {
    return { mac: this.#interface.mac, linkLocal: this.#interface.linkLocal };
  }

  #take(message: NeighborMessage): void {
    this.#options.onHearing();
    // What comes with a number is of another segment, and not set up here: otherwise the kernel would have taken it off.
    if (message.vlan !== undefined && message.vlan !== 0) return;
    const asked = askedFor(message);
    const entry = asked === undefined ? undefined : this.#answered.get(asked);
    if (entry !== undefined) this.#answer(entry, message);
    const claimed = claimedIn(message);
    if (claimed !== undefined && !this.#options.isOwnMac(claimed.mac)) this.#hear(claimed.ip, claimed.mac);
  }

  #answer(entry: Answered, message: NeighborMessage): void {
    // A switch or a bond may give back what was sent.
    if (this.#options.isOwnMac(message.source)) return;
    entry.requests++;
    const reply = answer(message, this.#station);
    if (reply !== undefined && this.#send(reply)) entry.answers++;
  }

  /** Where a queue on the way is full, the next one may go through: who asked asks again. */
  #send(message: NeighborMessage): boolean {
    try {
      this.#port.send(message);
      return true;
    } catch (error) {
      if (!isPassing(error)) this.#fail(asError(error));
      return false;
    }
  }

  #hear(address: string, mac: MacAddress): void {
    for (const question of [...(this.#questions.get(address) ?? [])]) question.answered(mac);
    if (this.#answered.has(address)) {
      this.#options.onClaim({ address, interface: this.#interface.name, mac });
    }
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#failQuestions(error);
  }

  #failQuestions(error: Error): void {
    for (const question of [...this.#questions.values()].flatMap((asked) => [...asked]))
      question.failed(error);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof KernelError && (error.errno === ENOBUFS || error.errno === EAGAIN);
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
