/** The machine as the userspace mode of one IP family has it: its iptables rules, and its relays in this process. */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { KernelError } from '@menwei/netlink';
import type { Logger } from '../../log/logger.ts';
import type { ListenFailure, Relay, RelayKey, Relays } from '../../relay/contract.ts';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { KernelWatch, Outcome, Refusal, TrafficOfPorts } from '../backend.ts';
import { KernelRules } from '../xtables/kernel.ts';
import { LAYOUT } from './base.ts';
import type { RelayChange, UserspaceChanges } from './changes.ts';
import type { UserspacePlan } from './plan.ts';
import { familyOfRelay, relayKey, servicePortOf, type TakenPort, type UserspaceState } from './state.ts';
import type { UserspaceUnit } from './unit.ts';

/** How often in a row ports turn out to be taken before that is a refusal. */
const MAX_ROUNDS = 16;
/** How long a port that was taken is passed over; most are those of single connections. */
const TAKEN_MS = 60_000;
const NO_PORT_LEFT =
  'port allocation failed; there are no remaining ports left to allocate in the accepted range';

export interface UserspaceKernelOptions {
  readonly family: IpFamily;
  readonly tools: IptablesTools;
  /** Undefined: somebody only looks or cleans up, and the relays of a proxy that runs are out of sight. */
  readonly relays: Relays | undefined;
  readonly logger: Logger;
  /** How often the watch looks at the kernel. */
  readonly watchPeriodMs: number;
}

export class UserspaceKernel {
  readonly #family: IpFamily;
  readonly #relays: Relays | undefined;
  readonly #rules: KernelRules;
  readonly #logger: Logger;
  /** Ports of other programs, and when they were found to be. */
  readonly #taken = new Map<TakenPort, number>();
  #rounds = 0;

  constructor(options: UserspaceKernelOptions) {
    this.#family = options.family;
    this.#relays = options.relays;
    this.#logger = options.logger;
    this.#rules = new KernelRules({ ...options, layout: LAYOUT });
  }

  /** Whether there is somebody to forward, so that relays can be seen and changed. */
  get hasRelays(): boolean {
    return this.#relays !== undefined;
  }

  /** No rule leads to a listener that is not open yet, and none is closed before the last rule to it is gone. */
  async apply(
    { script, relays, portless }: UserspaceChanges,
    signal: AbortSignal,
  ): Promise<Outcome<UserspaceUnit>> {
    if (portless.length > 0 && this.#forgetTaken()) return 'outdated';
    const opened = new Map([...relays].flatMap(([key, change]) => openedBy(key, change)));
    const failures = await this.#applyRelays(opened);
    if (this.#noteTaken(failures, relays)) return 'outdated';
    await this.#rules.restore(script, signal);
    const superfluous = [...relays].filter(
      ([key, { after }]) => after === undefined || opened.get(key) !== after,
    );
    const closed = new Map(superfluous.map(([key, { after }]) => [key, after]));
    // Who is told again what to listen on tries again what has failed.
    const first = failures.filter(({ key }) => !closed.has(key));
    const last = [...first, ...(await this.#applyRelays(closed))];
    const refused = [...refusalsOf(last), ...portless.map(withoutPort)];
    if (refused.length === 0) return 'applied';
    const places = new Set(last.map(placeOf));
    return {
      refused,
      held: (servicePort: ServicePortKey, wanted: UserspaceUnit | undefined, plan: UserspacePlan) => {
        const key = relayKey(this.#family, servicePort);
        const unit = plan.unitWithout(servicePort, (place) => places.has(placeOf({ key, ...place })));
        return unit ?? wanted;
      },
    };
  }

  async observe(signal: AbortSignal): Promise<UserspaceState> {
    const rules = await this.#rules.observe(signal);
    this.#forgetTaken();
    return { rules, relays: this.#ownRelays(), taken: new Set(this.#taken.keys()), portless: new Set() };
  }

  observeTraffic(): TrafficOfPorts {
    const own = [...(this.#relays?.observeConnections() ?? [])].filter(
      ([key]) => familyOfRelay(key) === this.#family,
    );
    return new Map(own.map(([key, connections]) => [servicePortOf(key), { connections }]));
  }

  watch({ left, drifted, inTurn }: KernelWatch<UserspacePlan>, signal: AbortSignal): Promise<void> {
    this.#relays?.watch(drifted, signal);
    return this.#rules.watch(() => left()?.rules(), drifted, inTurn, signal);
  }

  close(): void {
    this.#rules.close();
  }

  async cleanup(signal: AbortSignal): Promise<void> {
    await this.#rules.cleanup(signal);
    await this.#applyRelays(new Map([...this.#ownRelays().keys()].map((key) => [key, undefined])));
  }

  async #applyRelays(changes: ReadonlyMap<RelayKey, Relay | undefined>): Promise<readonly ListenFailure[]> {
    if (changes.size === 0) return [];
    if (this.#relays === undefined) throw new Error('BUG: there is nobody to forward');
    return this.#relays.apply(changes);
  }

  #ownRelays(): ReadonlyMap<RelayKey, Relay> {
    const relays = this.#relays?.observe() ?? [];
    return new Map([...relays].filter(([, { family }]) => family === this.#family));
  }

  /** Whether some ports may be free again. */
  #forgetTaken(): boolean {
    const sinceMs = performance.now() - TAKEN_MS;
    const before = this.#taken.size;
    for (const [port, atMs] of this.#taken) if (atMs < sinceMs) this.#taken.delete(port);
    return this.#taken.size < before;
  }

  /** Whether other ports should be tried. */
  #noteTaken(failures: readonly ListenFailure[], relays: ReadonlyMap<RelayKey, RelayChange>): boolean {
    const inUse = failures.filter(({ error }) => error.errno === constants.errno.EADDRINUSE);
    for (const { key, port } of inUse) {
      const protocol = relays.get(key)?.after?.protocol;
      if (protocol !== undefined) this.#taken.set(`${protocol} ${port}`, performance.now());
    }
    const [first] = inUse;
    if (first !== undefined) {
      const { key, port } = first;
      const facts = { family: this.#family, servicePort: servicePortOf(key), port, others: inUse.length - 1 };
      this.#logger.info(facts, 'proxy ports are in use by another program; choosing others');
    }
    this.#rounds = inUse.length === 0 ? 0 : this.#rounds + 1;
    if (this.#rounds <= MAX_ROUNDS) return inUse.length > 0;
    this.#rounds = 0;
    return false;
  }
}

/** The relay with all listeners that rules lead to, before and after. */
function openedBy(key: RelayKey, { before, after }: RelayChange): readonly [RelayKey, Relay][] {
  if (after === undefined) return [];
  const ports = new Set(after.listeners.map(({ port }) => port));
  const former = (before?.listeners ?? []).filter(({ port }) => !ports.has(port));
  if (former.length === 0) return [[key, after]];
  const led = former.flatMap(({ endpoints }) => endpoints.map(({ text }) => text));
  const usable = [...new Set([...after.usable, ...led])];
  return [[key, { ...after, listeners: [...after.listeners, ...former], usable }]];
}

function refusalsOf(failures: readonly ListenFailure[]): readonly Refusal[] {
  return failures.map(({ key, error }) => ({ servicePort: servicePortOf(key), error }));
}

function placeOf({ key, ip, port }: Pick<ListenFailure, 'key' | 'ip' | 'port'>): string {
  return `${key} ${ip} ${port}`;
}

function withoutPort(servicePort: ServicePortKey): Refusal {
  const error = new KernelError({ operation: 'listen for', object: servicePort, detail: NO_PORT_LEFT });
  return { servicePort, error };
}
