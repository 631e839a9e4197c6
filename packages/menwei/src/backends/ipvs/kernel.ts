/** The kernel as the ipvs mode of one IP family has it: the only way to it, and what was left in it. */
import type { Cidr, IpFamily } from '@menwei/addresses/ip.ts';
import type { IpSetClient } from '@menwei/netlink/ipset';
import type { Frontend, FrontendKey, IpvsClient } from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import type { Outcome } from '../backend.ts';
import type { IpvsChanges } from './changes.ts';
import { DrainingDestinations } from './draining-destinations.ts';
import { KernelImage } from './image.ts';
import { Application } from './kernel-application.ts';
import { cleanUp } from './kernel-cleanup.ts';
import { Observation, type Observed } from './kernel-observation.ts';
import type { RulesAccess } from './rules-access.ts';
import type { IpvsState } from './state.ts';
import type { IpvsUnit } from './unit.ts';

export interface IpvsKernelOptions {
  readonly family: IpFamily;
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: RulesAccess;
  /** How long a destination that is no longer wanted keeps its connections at most. */
  readonly drainTimeoutMs: number;
  /** How long UDP answers may be under way: no longer does an endpoint stay that has stopped serving. */
  readonly answerMs: number;
  /** Virtual servers in here are never taken for ours, unless the ledger says so. */
  readonly excludeCIDRs: readonly Cidr[];
  /** The node's addresses of this family, without those on our own interface. */
  readonly localAddresses: () => readonly string[];
  /** A change shows that somebody has removed a virtual server of ours. */
  readonly onRemoved?: (server: FrontendKey) => void;
}

export class IpvsKernel {
  readonly draining: DrainingDestinations;
  readonly #options: IpvsKernelOptions;
  /** Virtual servers that are ours, should the ledger be lost; undefined before the first look. */
  #known: Map<FrontendKey, Frontend> | undefined;
  #image: KernelImage | undefined;
  /** Nothing was changed since the last look. */
  #isFresh = false;

  constructor(options: IpvsKernelOptions) {
    this.#options = options;
    this.draining = new DrainingDestinations(options.drainTimeoutMs);
  }

  /** What was left in it; undefined while that is not known, and another one after each change. */
  get image(): KernelImage | undefined {
    return this.#image;
  }

  async apply(changes: IpvsChanges, signal: AbortSignal): Promise<Outcome<IpvsUnit>> {
    const image = this.#image;
    const isFresh = this.#isFresh;
    this.#image = undefined;
    this.#isFresh = false;
    this.#known ??= new Map();
    const knowledge = { draining: this.draining, known: this.#known };
    const times = { nowMs: performance.now(), answerMs: this.#options.answerMs };
    const { refused, unmade } = await new Application(this.#options, knowledge, times, signal).run(changes);
    if (unmade.removed !== undefined && !isFresh) {
      this.#options.onRemoved?.(unmade.removed);
      return 'outdated';
    }
    if (image === undefined || unmade.isMore) return refused.length === 0 ? 'applied' : { refused };
    image.update(changes, unmade);
    this.#image = image;
    if (refused.length === 0) return 'applied';
    return { refused, held: (_key, wanted) => unmade.heldOf(wanted, image) };
  }

  /** Throws KernelError. */
  async observe(signal: AbortSignal): Promise<IpvsState> {
    this.#image = undefined;
    const { state } = await this.#look(signal);
    this.#known = new Map(Array.from(state.servers, ([key, { server }]) => [key, server.frontend]));
    this.#image = new KernelImage(state);
    this.#isFresh = true;
    return state;
  }

  /** Leaves nothing of ours. Throws KernelError. */
  async cleanup(signal: AbortSignal): Promise<void> {
    const { state, setNames } = await this.#look(signal);
    this.#image = undefined;
    await cleanUp(this.#options, state, setNames, signal);
  }

  #look(signal: AbortSignal): Promise<Observed> {
    return new Observation(this.#options, this.#known, this.draining, performance.now(), signal).run();
  }
}
