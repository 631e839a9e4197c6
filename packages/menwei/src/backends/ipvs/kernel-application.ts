/**
 * Making changes, in an order in which no packet finds half of what it needs: what masquerades and filters stands before
 * a virtual server leads anywhere and until it does no more, and an address comes after that and goes before it.
 */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { KernelError } from '@menwei/netlink';
import type { IpSetClient, SetEdit, SetEntry } from '@menwei/netlink/ipset';
import {
  type Frontend,
  type FrontendKey,
  formatFrontend,
  frontendOf,
  type IpvsClient,
  type IpvsEdit,
  type IpvsRefusal,
  isGone,
} from '@menwei/netlink/ipvs';
import type { AddressEdit, LinkClient } from '@menwei/netlink/route';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Refusal } from '../backend.ts';
import type { DestinationChange, IpvsChanges } from './changes.ts';
import { endDrained } from './draining.ts';
import type { GradualWeights } from './gradual.ts';
import {
  beginningAdmissions,
  beginningDenials,
  beginningExceptions,
  endingAdmissions,
  endingDenials,
  endingExceptions,
  isAbout,
  subjectsOf,
} from './guards.ts';
import { Ledger } from './ledger.ts';
import { DEVICE } from './names.ts';
import { type Owners, Refusals } from './refusals.ts';
import { formatFrontendEntry } from './sets.ts';
import type { ServerContent } from './state.ts';
import type { Unmade } from './unmade.ts';

const { EEXIST, ENOENT } = constants.errno;

/** The ways to the parts of the kernel that the mode uses. */
export interface Doors {
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: { restore(script: RestoreScript, signal: AbortSignal): Promise<void> };
}

/** What became of changes. */
interface Applied {
  readonly refused: readonly Refusal[];
  readonly unmade: Unmade;
}

export class Application {
  readonly #doors: Doors;
  readonly #gradual: GradualWeights;
  readonly #ledger: Ledger;
  /** Virtual servers that are ours, for as long as they are there. */
  readonly #known: Set<FrontendKey>;
  readonly #nowMs: number;
  readonly #answerMs: number;
  readonly #signal: AbortSignal;
  readonly #refusals = new Refusals();

  constructor(
    doors: Doors,
    gradual: GradualWeights,
    known: Set<FrontendKey>,
    { nowMs, answerMs }: { readonly nowMs: number; readonly answerMs: number },
    signal: AbortSignal,
  ) {
    this.#doors = doors;
    this.#gradual = gradual;
    this.#known = known;
    this.#ledger = new Ledger(doors.sets, signal);
    this.#nowMs = nowMs;
    this.#answerMs = answerMs;
    this.#signal = signal;
  }

  /** Returns what was refused while the rest was done. Throws KernelError where nothing more could be done. */
  async run(changes: IpvsChanges): Promise<Applied> {
    const { links, rules } = this.#doors;
    await this.#claim(changes);
    if (changes.device) links.applyDummy(DEVICE);
    await this.#applyServers(changes);
    await this.#beginGuards(beginningDenials(changes), changes);
    if (changes.rules.length > 0) await rules.restore(changes.rules, this.#signal);
    await this.#beginGuards(beginningAdmissions(changes), changes);
    await this.#applySets(endingExceptions(changes));
    await this.#addDestinations(changes);
    await this.#drain(changes);
    await this.#applyAddresses('add', changes.addedAddresses);

    await this.#applyAddresses('remove', changes.removedAddresses);
    await this.#awaitAnswers(changes);
    await this.#removeDestinations(changes);
    await this.#applySets(beginningExceptions(changes));
    await this.#endGuards(changes);
    const left = await this.#removeServers(changes);
    const unlisted = await this.#ledger.close(changes, left);
    for (const error of new Set(unlisted.values())) this.#refusals.noteMore(error);
    return { refused: this.#refusals.all, unmade: this.#refusals.unmade };
  }

  /** What can't be guarded leads nowhere. */
  async #beginGuards(edits: readonly SetEdit[], changes: IpvsChanges): Promise<void> {
    if (edits.length === 0) return;
    for (const { edit, error } of await this.#doors.sets.apply(edits, this.#signal)) {
      const about = 'entries' in edit ? edit : undefined;
      const bare = changes.addedServers.filter(({ server }) => {
        const subjects = subjectsOf([server.frontend]);
        return about?.entries.some((entry) => isAbout(subjects, about.shape, entry)) ?? false;
      });
      if (bare.length === 0) this.#refusals.noteMore(error);
      this.#refusals.unmade.isMore = true;
      for (const { server, servicePort } of bare) {
        this.#refusals.noteServer(server.frontend, error, servicePort);
      }
    }
  }

  /** What could not be removed keeps its guards. */
  async #endGuards(changes: IpvsChanges): Promise<void> {
    const { stuck } = this.#refusals;
    await this.#applySets(endingAdmissions(changes, stuck));
    if (changes.lastRules.length > 0 && stuck.size === 0) {
      await this.#doors.rules.restore(changes.lastRules, this.#signal);
    }
    await this.#applySets(endingDenials(changes, stuck));
  }

  /**
   * The ledger first, so that a process that ends anywhere leaves no virtual server that nobody knows; and only of what
   * nobody has, so that it never tells of one that is somebody else's.
   */
  async #claim(changes: IpvsChanges): Promise<void> {
    const { addedServers } = changes;
    const frontends = addedServers.map(({ server }) => server.frontend);
    const present =
      frontends.length === 0 ? new Set() : await this.#doors.ipvs.observePresent(frontends, this.#signal);
    const owners = new Map<SetEntry, ServerContent>();
    const foreign: Frontend[] = [];
    for (const content of addedServers) {
      const { frontend } = content.server;
      if (!present.has(formatFrontend(frontend))) owners.set(entryOf(frontend), content);
      else {
        foreign.push(frontend);
        this.#refusals.noteForeign(frontend, content.servicePort);
      }
    }
    const refused = await this.#ledger.open(changes, new Set(foreign.map(entryOf)), new Set(owners.keys()));
    for (const [entry, error] of refused) {
      const content = owners.get(entry);
      if (content === undefined) throw new Error(`BUG: ${entry} was not asked for`);
      this.#refusals.unmade.entries.add(entry);
      this.#refusals.noteServer(content.server.frontend, error, content.servicePort);
    }
    await this.#strike(foreign);
  }

  async #applySets(edits: readonly SetEdit[]): Promise<void> {
    if (edits.length === 0) return;
    for (const { error } of await this.#doors.sets.apply(edits, this.#signal)) this.#refusals.noteMore(error);
  }

  async #applyServers({ addedServers, changedServers }: IpvsChanges): Promise<void> {
    const owners = new Map<Frontend, ServicePortKey>();
    for (const { server, servicePort } of [...changedServers, ...addedServers]) {
      owners.set(server.frontend, servicePort);
    }
    const edits: IpvsEdit[] = [];
    for (const { server } of changedServers) edits.push({ change: 'set-server', server });
    for (const { server } of addedServers) {
      this.#gradual.forget(server.frontend);
      if (this.#refusals.isUsable(server)) edits.push({ change: 'add-server', server });
    }
    const foreign: Frontend[] = [];
    for (const { edit, error } of await this.#applyIpvs(edits)) {
      const frontend = frontendOf(edit);
      const servicePort = owners.get(frontend);
      if (edit.change === 'add-server' && error.errno === EEXIST) {
        foreign.push(frontend);
        this.#refusals.noteForeign(frontend, servicePort);
      } else {
        this.#refusals.noteServer(frontend, error, servicePort);
      }
    }
    for (const { server } of addedServers) {
      if (this.#refusals.isUsable(server)) this.#known.add(formatFrontend(server.frontend));
    }
    await this.#strike(foreign);
  }

  async #addDestinations(changes: IpvsChanges): Promise<void> {
    const added = [
      ...changes.addedServers.flatMap(destinationsOf),
      ...changes.addedDestinations.map((change) => this.#startSlowly(change)),
    ].filter((change) => this.#refusals.isUsable(change));
    const changed = changes.changedDestinations
      .filter((change) => this.#refusals.isUsable(change))
      .map((change) => this.#keepPace(change));
    const edits = [
      ...added.map(({ frontend, destination }): IpvsEdit => {
        const isThere = this.#gradual.isDraining(frontend, destination);
        return { change: isThere ? 'set-destination' : 'add-destination', frontend, destination };
      }),
      ...changed.map(
        ({ frontend, destination }): IpvsEdit => ({ change: 'set-destination', frontend, destination }),
      ),
    ];
    const wanted = [...added, ...changed];
    for (const { frontend, destination } of wanted) {
      if (this.#gradual.warmTarget(frontend, destination) === undefined) {
        this.#gradual.forget(frontend, destination);
      }
    }
    const owners = ownersOf(wanted);
    // One that drained may have gone just now, and one that was lost from sight may be there.
    const again = (await this.#applyIpvs(edits)).flatMap(({ edit, error }) =>
      this.#otherWay(edit, error, owners),
    );
    for (const { edit, error } of await this.#applyIpvs(again)) {
      this.#refusals.noteDestination(edit, error, owners);
    }
  }

  #otherWay(edit: IpvsEdit, error: KernelError, owners: Owners): readonly IpvsEdit[] {
    if (edit.change === 'add-destination' && error.errno === EEXIST)
      return [{ ...edit, change: 'set-destination' }];
    if (edit.change === 'set-destination' && error.errno === ENOENT)
      return [{ ...edit, change: 'add-destination' }];
    this.#refusals.noteDestination(edit, error, owners);
    return [];
  }

  #startSlowly(change: DestinationChange): DestinationChange {
    const { frontend, destination, slowStartMs } = change;
    if (slowStartMs === 0 || this.#gradual.isDraining(frontend, destination)) return change;
    return { ...change, destination: this.#gradual.warm(frontend, destination, slowStartMs, this.#nowMs) };
  }

  #keepPace(change: DestinationChange): DestinationChange {
    const { frontend, destination } = change;
    return {
      ...change,
      destination: this.#gradual.retarget(frontend, destination, this.#nowMs) ?? destination,
    };
  }

  async #drain({ drainedDestinations }: IpvsChanges): Promise<void> {
    const edits = drainedDestinations.map(({ frontend, destination }): IpvsEdit => {
      this.#gradual.drain(frontend, destination, this.#nowMs);
      return { change: 'set-destination', frontend, destination: { ...destination, weight: 0 } };
    });
    const owners = ownersOf(drainedDestinations);
    await this.#applyRemovals(edits, owners);
    const frontends = new Map(
      drainedDestinations.map(({ frontend }) => [formatFrontend(frontend), frontend]),
    );
    await endDrained(this.#doors.ipvs, this.#gradual, frontends.values(), this.#nowMs, this.#signal);
  }

  async #applyAddresses(change: AddressEdit['change'], ips: readonly string[]): Promise<void> {
    if (ips.length === 0) return;
    const edits = ips.map((ip): AddressEdit => ({ change, ip }));
    for (const { edit, error } of await this.#doors.links.applyAddresses(DEVICE, edits, this.#signal)) {
      this.#refusals.noteAddress(edit, error);
    }
  }

  /**
   * The kernel forgets the connections of a destination with it (expire_nodest_conn), and an answer that comes later would
   * leave with the pod's address. So nothing new goes there for a moment before it goes.
   */
  async #awaitAnswers({ endedDestinations }: IpvsChanges): Promise<void> {
    const edits = endedDestinations
      .filter(({ mayAnswer = false }) => mayAnswer && this.#answerMs > 0)
      .map(({ frontend, destination }): IpvsEdit => {
        return { change: 'set-destination', frontend, destination: { ...destination, weight: 0 } };
      });
    // What is refused here is refused again when it is removed, or is gone.
    await this.#applyIpvs(edits);
    if (edits.length > 0) await sleep(this.#answerMs, undefined, { signal: this.#signal });
  }

  /** A virtual server without any refuses what would else come to a program of this machine that has its port. */
  async #removeDestinations({ endedDestinations, removedServers }: IpvsChanges): Promise<void> {
    const removed = [...endedDestinations, ...removedServers.flatMap(destinationsOf)];
    const edits = removed.map(({ frontend, destination }): IpvsEdit => {
      this.#gradual.forget(frontend, destination);
      return { change: 'remove-destination', frontend, destination };
    });
    await this.#applyRemovals(edits, ownersOf(removed));
  }

  /** Returns the entries of those that are still there. */
  async #removeServers({ removedServers }: IpvsChanges): Promise<ReadonlySet<SetEntry>> {
    const owners = new Map<Frontend, ServicePortKey>();
    const edits = removedServers.map(({ server: { frontend }, servicePort }): IpvsEdit => {
      this.#gradual.forget(frontend);
      owners.set(frontend, servicePort);
      return { change: 'remove-server', frontend };
    });
    const left = await this.#applyRemovals(edits, owners);
    for (const { server } of removedServers) {
      if (!left.has(server.frontend)) this.#known.delete(formatFrontend(server.frontend));
    }
    return new Set(Array.from(left, entryOf));
  }

  /** Returns where something is left. */
  async #applyRemovals(edits: readonly IpvsEdit[], owners: Owners): Promise<ReadonlySet<Frontend>> {
    const left = new Set<Frontend>();
    for (const { edit, error } of await this.#applyIpvs(edits)) {
      if (isGone(error)) continue;
      const frontend = frontendOf(edit);
      left.add(frontend);
      this.#refusals.noteLeft(frontend, error, owners.get(frontend));
    }
    return left;
  }

  async #applyIpvs(edits: readonly IpvsEdit[]): Promise<readonly IpvsRefusal[]> {
    this.#signal.throwIfAborted();
    return edits.length === 0 ? [] : await this.#doors.ipvs.apply(edits, this.#signal);
  }

  /** They are somebody else's. */
  async #strike(foreign: readonly Frontend[]): Promise<void> {
    for (const frontend of foreign) this.#refusals.unmade.entries.add(entryOf(frontend));
    await this.#ledger.strike(foreign);
  }
}

function destinationsOf({
  server,
  destinations,
  servicePort,
  slowStartMs,
}: ServerContent): DestinationChange[] {
  const { frontend } = server;
  return Array.from(destinations.values(), (destination) => ({
    servicePort,
    frontend,
    destination,
    slowStartMs,
  }));
}

function entryOf(frontend: Frontend): SetEntry {
  if ('mark' in frontend) throw new Error('BUG: a virtual server without an address');
  return formatFrontendEntry(frontend);
}

function ownersOf(changes: readonly DestinationChange[]): Owners {
  return new Map(changes.map(({ frontend, servicePort }) => [frontend, servicePort]));
}
