/** Changes of virtual servers and their destinations. What is refused is noted, and the rest is done. */
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KernelError } from '@menwei/netlink';
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
import type { ServicePortKey } from '../../state/service-port.ts';
import type { DestinationChange, IpvsChanges } from './changes.ts';
import { endDrained } from './draining.ts';
import type { DrainingDestinations } from './draining-destinations.ts';
import type { Owners, Refusals } from './refusals.ts';
import type { ServerContent } from './state.ts';

const { EEXIST, ENOENT } = constants.errno;

/** What is known of the virtual servers in the kernel from one change to the next. */
export interface ServerKnowledge {
  readonly draining: DrainingDestinations;
  /** Virtual servers that are ours, for as long as they are there. */
  readonly known: Map<FrontendKey, Frontend>;
}

export interface Times {
  /** Of a clock that never goes back. */
  readonly nowMs: number;
  /** How long UDP answers may be under way. */
  readonly answerMs: number;
}

export class ServerChanges {
  readonly #ipvs: IpvsClient;
  readonly #draining: DrainingDestinations;
  readonly #known: Map<FrontendKey, Frontend>;
  readonly #refusals: Refusals;
  readonly #nowMs: number;
  readonly #answerMs: number;
  readonly #signal: AbortSignal;

  constructor(
    ipvs: IpvsClient,
    { draining, known }: ServerKnowledge,
    refusals: Refusals,
    { nowMs, answerMs }: Times,
    signal: AbortSignal,
  ) {
    this.#ipvs = ipvs;
    this.#draining = draining;
    this.#known = known;
    this.#refusals = refusals;
    this.#nowMs = nowMs;
    this.#answerMs = answerMs;
    this.#signal = signal;
  }

  /** Returns those that turned out to be somebody else's. */
  async applyServers({ addedServers, changedServers }: IpvsChanges): Promise<readonly Frontend[]> {
    const owners = new Map<Frontend, ServicePortKey>();
    for (const { server, servicePort } of [...changedServers, ...addedServers]) {
      owners.set(server.frontend, servicePort);
    }
    const edits: IpvsEdit[] = [];
    for (const { server } of changedServers) edits.push({ change: 'set-server', server });
    for (const { server } of addedServers) {
      this.#draining.forget(server.frontend);
      if (!this.#refusals.isUsable(server)) continue;
      edits.push({ change: 'add-server', server });
      // Before it is made, as in the ledger: somebody may empty that after some were made and the rest failed.
      this.#known.set(formatFrontend(server.frontend), server.frontend);
    }
    const foreign: Frontend[] = [];
    for (const { edit, error } of await this.#applyIpvs(edits)) {
      const frontend = frontendOf(edit);
      const servicePort = owners.get(frontend);
      if (edit.change === 'add-server') this.#known.delete(formatFrontend(frontend));
      if (edit.change === 'add-server' && error.errno === EEXIST) {
        foreign.push(frontend);
        this.#refusals.noteForeign(frontend, servicePort);
      } else {
        this.#refusals.noteServer(frontend, error, servicePort);
      }
    }
    return foreign;
  }

  async addDestinations(changes: IpvsChanges): Promise<void> {
    const added = [...changes.addedServers.flatMap(destinationsOf), ...changes.addedDestinations].filter(
      (change) => this.#refusals.isUsable(change),
    );
    const changed = changes.changedDestinations.filter((change) => this.#refusals.isUsable(change));
    const edits = [
      ...added.map(({ frontend, destination }): IpvsEdit => {
        const isThere = this.#draining.isDraining(frontend, destination);
        return { change: isThere ? 'set-destination' : 'add-destination', frontend, destination };
      }),
      ...changed.map(
        ({ frontend, destination }): IpvsEdit => ({ change: 'set-destination', frontend, destination }),
      ),
    ];
    const wanted = [...added, ...changed];
    for (const { frontend, destination } of wanted) this.#draining.forget(frontend, destination);
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

  async drain({ drainedDestinations }: IpvsChanges): Promise<void> {
    const edits = drainedDestinations.map(({ frontend, destination }): IpvsEdit => {
      this.#draining.drain(frontend, destination, this.#nowMs);
      return { change: 'set-destination', frontend, destination: { ...destination, weight: 0 } };
    });
    const owners = ownersOf(drainedDestinations);
    await this.#applyRemovals(edits, owners);
    const frontends = new Map(
      drainedDestinations.map(({ frontend }) => [formatFrontend(frontend), frontend]),
    );
    await endDrained(this.#ipvs, this.#draining, frontends.values(), this.#nowMs, this.#signal);
  }

  /**
   * The kernel forgets the connections of a destination with it (expire_nodest_conn), and an answer that comes later would
   * leave with the pod's address. So nothing new goes there for a moment before it goes.
   */
  async awaitAnswers({ endedDestinations }: IpvsChanges): Promise<void> {
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
  async removeDestinations({ endedDestinations, removedServers }: IpvsChanges): Promise<void> {
    const removed = [...endedDestinations, ...removedServers.flatMap(destinationsOf)];
    const edits = removed.map(({ frontend, destination }): IpvsEdit => {
      this.#draining.forget(frontend, destination);
      return { change: 'remove-destination', frontend, destination };
    });
    await this.#applyRemovals(edits, ownersOf(removed));
  }

  /** Returns those that are still there. */
  async removeServers({ removedServers }: IpvsChanges): Promise<ReadonlySet<Frontend>> {
    const owners = new Map<Frontend, ServicePortKey>();
    const edits = removedServers.map(({ server: { frontend }, servicePort }): IpvsEdit => {
      this.#draining.forget(frontend);
      owners.set(frontend, servicePort);
      return { change: 'remove-server', frontend };
    });
    const left = await this.#applyRemovals(edits, owners);
    for (const { server } of removedServers) {
      if (!left.has(server.frontend)) this.#known.delete(formatFrontend(server.frontend));
    }
    return left;
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
    return edits.length === 0 ? [] : await this.#ipvs.apply(edits, this.#signal);
  }
}

function destinationsOf({ server, destinations, servicePort }: ServerContent): DestinationChange[] {
  const { frontend } = server;
  return Array.from(destinations.values(), (destination) => ({
    servicePort,
    frontend,
    destination,
  }));
}

function ownersOf(changes: readonly DestinationChange[]): Owners {
  return new Map(changes.map(({ frontend, servicePort }) => [frontend, servicePort]));
}
