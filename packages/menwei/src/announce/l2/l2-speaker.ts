/**
 * The speaker on ARP and neighbour discovery (load-balancer § 5.5): a diff between the addresses that are wanted and what
 * answers, made whenever either changes, and once a second, since what should answer and does not is worse than nothing.
 */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Logger } from '../../log/logger.ts';
import { EventLoopTurn } from '../../scheduling/event-loop.ts';
import type {
  Announcement,
  AnnouncementState,
  AnnouncingInterface,
  Claim,
  ProbeTiming,
  Speaker,
} from '../speaker.ts';
import { probeAddress } from './probe.ts';
import { Responder } from './responder.ts';
import { delayMs } from './series.ts';
import { Silences } from './silences.ts';
import type { Standstill } from './standstill.ts';
import type { SegmentInterface, Wire } from './wire.ts';

const CHECK_INTERVAL_MS = 1_000;
/** A queue on the way that is full is empty again after that. */
const RETRY_MS = 20;

interface L2SpeakerOptions {
  readonly wire: Wire;
  readonly log: Logger;
  /** `--announce-refresh`: how often the neighbours are told again, which heals switches that forget. */
  readonly refreshMs: number;
  readonly standstill: Standstill;
  /** From 0 to 1. */
  readonly random?: () => number;
}

/** One wanted address on one interface. */
interface Pair {
  readonly address: string;
  readonly interface: string;
  requests: number;
  answers: number;
  gratuitous: number;
  /** What answers for it, or why nothing does. */
  by: Responder | undefined;
  reason: string | undefined;
  /** As whom the neighbours know us. */
  station: string;
  /** How often they have been told in this series, and when they are told again. */
  told: number;
  timer: NodeJS.Timeout | undefined;
}

export class L2Speaker implements Speaker {
  readonly #options: L2SpeakerOptions;
  readonly #random: () => number;
  readonly #silences: Silences;
  readonly #pairs = new Map<string, Pair>();
  readonly #responders = new Map<string, Responder>();
  readonly #claimListeners = new Set<(claim: Claim) => void>();
  readonly #interfaceListeners = new Set<() => void>();
  readonly #standstillListeners = new Set<() => void>();
  #ownMacs: ReadonlySet<string> = new Set();
  #isRunning = false;
  /** Whose series of telling the neighbours is to begin. */
  #begun: Pair[] = [];
  #isBeginning = false;

  constructor(options: L2SpeakerOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#silences = new Silences(options.log);
  }

  get interfaces(): readonly AnnouncingInterface[] {
    return this.#options.wire.interfaces;
  }

  /**
   * Speaks and hears until the signal fires; then nothing of it is left. Before and after, there are no interfaces. Rejects
   * when the interfaces can't be followed. May be called again then.
   *
   * @param ready called when the interfaces are known
   */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const { wire, standstill } = this.#options;
    using _news = wire.onInterfaces(() => {
      this.#settle();
      for (const listener of [...this.#interfaceListeners]) listener();
    });
    const timer = setInterval(() => this.#settle(), CHECK_INTERVAL_MS);
    const watch = setInterval(() => this.#noteStandstill(), standstill.lookEveryMs);
    try {
      await wire.run(signal, () => {
        this.#isRunning = true;
        this.#settle();
        ready();
      });
    } finally {
      this.#isRunning = false;
      clearInterval(timer);
      clearInterval(watch);
      this.#settle();
    }
  }

  apply(wanted: readonly Announcement[]): void {
    const keys = new Set<string>();
    for (const { address, interfaces } of wanted) {
      for (const name of interfaces) {
        const key = `${address} ${name}`;
        keys.add(key);
        if (!this.#pairs.has(key)) this.#pairs.set(key, newPair(address, name));
      }
    }
    for (const [key, pair] of this.#pairs) {
      if (keys.has(key)) continue;
      this.#silence(pair, 'it is not wanted');
      this.#pairs.delete(key);
    }
    this.#settle();
  }

  observe(): readonly AnnouncementState[] {
    return Array.from(this.#pairs.values(), (pair) => ({
      address: pair.address,
      interface: pair.interface,
      isAnswering: pair.by !== undefined && pair.by.failure === undefined,
      reason: pair.reason ?? pair.by?.failure?.message,
      requests: pair.requests,
      answers: pair.answers,
      gratuitous: pair.gratuitous,
    }));
  }

  defend(address: string): void {
    for (const pair of this.#pairs.values()) if (pair.address === address) this.#tell(pair);
  }

  async probe(
    address: string,
    interfaceName: string,
    timing: ProbeTiming,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const own = this.#options.wire.interfaces.find(({ name }) => name === interfaceName);
    if (own === undefined) throw new Error(`there is no interface ${interfaceName}`);
    if (own.unusable !== undefined) throw new Error(`${interfaceName} can't be used: ${own.unusable}`);
    return await probeAddress(this.#responderOn(own, address), address, timing, signal);
  }

  onClaim(listener: (claim: Claim) => void): Disposable {
    this.#claimListeners.add(listener);
    return { [Symbol.dispose]: () => this.#claimListeners.delete(listener) };
  }

  onInterfaces(listener: () => void): Disposable {
    this.#interfaceListeners.add(listener);
    return { [Symbol.dispose]: () => this.#interfaceListeners.delete(listener) };
  }

  onStandstill(listener: () => void): Disposable {
    this.#standstillListeners.add(listener);
    return { [Symbol.dispose]: () => this.#standstillListeners.delete(listener) };
  }

  #noteStandstill(): void {
    if (!this.#options.standstill.isOver()) return;
    for (const listener of [...this.#standstillListeners]) listener();
  }

  /** Makes what answers equal to what is wanted, as far as the interfaces allow. */
  #settle(): void {
    const { interfaces } = this.#options.wire;
    this.#ownMacs = new Set(interfaces.map(({ mac }) => mac));
    const byIndex = new Map(interfaces.map((one) => [one.index, one]));
    for (const [key, responder] of this.#responders) {
      const now = byIndex.get(responder.interface.index);
      const isOver = now === undefined || now.unusable !== undefined || !responder.check();
      if (isOver) this.#close(key, responder);
      else responder.update(now);
    }
    const byName = new Map(interfaces.map((one) => [one.name, one]));
    const begun = [...this.#pairs.values()].filter((pair) =>
      this.#settlePair(pair, byName.get(pair.interface)),
    );
    // Not before all are known: what is heard changes with the first that is said after that.
    this.#begun.push(...begun);
    if (!this.#isBeginning) void this.#begin();
    for (const [key, responder] of this.#responders) if (responder.isIdle) this.#close(key, responder);
    if (this.#isRunning) this.#silences.tell(this.#pairs.values());
  }

  #close(key: string, responder: Responder): void {
    this.#responders.delete(key);
    responder[Symbol.dispose]();
  }

  /** The first at once; of thousands the others when the event loop has had its turns. */
  async #begin(): Promise<void> {
    this.#isBeginning = true;
    const turn = new EventLoopTurn();
    for (let at = 0; at < this.#begun.length; at++) {
      const pair = this.#begun[at];
      if (pair?.by !== undefined && pair.told === 0) this.#tellInSeries(pair);
      if (turn.isOver) await turn.next();
    }
    this.#begun = [];
    this.#isBeginning = false;
  }

  /** Whether the neighbours are to be told from now on. */
  #settlePair(pair: Pair, own: SegmentInterface | undefined): boolean {
    const reason = whyNot(pair, own);
    if (reason !== undefined || own === undefined) {
      this.#silence(pair, reason);
      return false;
    }
    let responder: Responder;
    try {
      responder = this.#responderOn(own, pair.address);
      responder.add(pair);
    } catch (error) {
      this.#silence(pair, error instanceof Error ? error.message : String(error));
      return false;
    }
    const station = `${own.mac} ${own.linkLocal}`;
    if (pair.by === responder && pair.station === station) return false;
    pair.by = responder;
    pair.reason = undefined;
    pair.station = station;
    pair.told = 0;
    return true;
  }

  /** Throws an error that says why there is none. */
  #responderOn(own: SegmentInterface, address: string): Responder {
    const family = familyOf(address);
    const key = `${own.index} ${family}`;
    const present = this.#responders.get(key);
    if (present !== undefined) return present;
    const responder = new Responder({
      wire: this.#options.wire,
      interface: own,
      family,
      isOwnMac: (mac) => this.#ownMacs.has(mac),
      onHearing: () => this.#noteStandstill(),
      onClaim: (claim) => {
        for (const listener of [...this.#claimListeners]) listener(claim);
      },
    });
    this.#responders.set(key, responder);
    return responder;
  }

  #silence(pair: Pair, reason: string | undefined): void {
    clearTimeout(pair.timer);
    pair.by?.remove(pair.address);
    pair.by = undefined;
    pair.reason = reason;
  }

  #tellInSeries(pair: Pair): void {
    clearTimeout(pair.timer);
    const isTold = this.#tell(pair);
    if (isTold) pair.told++;
    const waitMs = isTold ? delayMs(pair.told, this.#options.refreshMs, this.#random()) : RETRY_MS;
    pair.timer = setTimeout(() => this.#tellInSeries(pair), waitMs);
  }

  /** Whether they are told, as far as this machine knows. Where the interface is at fault, the next check says so. */
  #tell(pair: Pair): boolean {
    this.#noteStandstill();
    if (pair.by === undefined) return false;
    const isTold = pair.by.tell(pair.address);
    if (isTold) pair.gratuitous++;
    return isTold;
  }
}

function newPair(address: string, name: string): Pair {
  return {
    address,
    interface: name,
    requests: 0,
    answers: 0,
    gratuitous: 0,
    by: undefined,
    reason: undefined,
    station: '',
    told: 0,
    timer: undefined,
  };
}

function whyNot(pair: Pair, own: SegmentInterface | undefined): string | undefined {
  if (own === undefined) return `there is no interface ${pair.interface}`;
  if (own.unusable !== undefined) return own.unusable;
  if (familyOf(pair.address) === 'IPv4' || own.linkLocal !== undefined) return undefined;
  return 'it has no link-local IPv6 address yet that is its own for certain';
}
