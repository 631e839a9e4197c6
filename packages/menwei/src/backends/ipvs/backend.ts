/** The ipvs mode of one IP family: the pure parts of this folder tied to the kernel. */
import type { Cidr } from '@menwei/addresses/ip.ts';
import type { IpSetClient } from '@menwei/netlink/ipset';
import type { FrontendKey, IpvsClient } from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import type { Logger } from '../../log/logger.ts';
import type { Backend, InTurn, Outcome } from '../backend.ts';
import type { IpvsChanges } from './changes.ts';
import { cleanUp } from './cleanup.ts';
import { GradualWeights } from './gradual.ts';
import { KernelImage } from './image.ts';
import { Application, type Doors } from './kernel-application.ts';
import { Observation } from './kernel-observation.ts';
import type { IpvsOptions } from './options.ts';
import type { IpvsPlan } from './plan.ts';
import { IpvsRules } from './rules.ts';
import type { RulesDoor } from './rules-door.ts';
import type { IpvsState } from './state.ts';
import type { IpvsUnit } from './unit.ts';
import { watchKernel } from './watch.ts';

export interface IpvsBackendOptions extends IpvsOptions {
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: RulesDoor;
  readonly logger: Logger;
  /** How often the watch compares the kernel with what was left in it. */
  readonly watchPeriodMs: number;
  /** How often the watch looks at weights in transition; twice a second unless told. */
  readonly gradualPeriodMs?: number;
  /** How long a destination that is no longer wanted keeps its connections at most. */
  readonly drainTimeoutMs: number;
  /** How long UDP answers may be under way: no longer does an endpoint stay that has stopped serving. */
  readonly answerMs: number;
  /** Virtual servers in here are never taken for ours, unless the ledger says so. */
  readonly excludeCIDRs: readonly Cidr[];
  /** The node's addresses of this family, without those on our own interface. */
  readonly localAddresses: () => readonly string[];
}

export class IpvsBackend extends IpvsRules implements Backend<IpvsUnit, IpvsState, IpvsChanges> {
  readonly #options: IpvsBackendOptions;
  readonly #doors: Doors;
  readonly #gradual: GradualWeights;
  /** Undefined while it is not known what the kernel holds. */
  #image: KernelImage | undefined;
  #plan: IpvsPlan | undefined;
  /** The kernel holds the iptables rules of the plan, as far as we know. */
  #rulesKnown = false;
  /** Virtual servers that are ours, should the ledger be lost; undefined before the first look. */
  #known: Set<FrontendKey> | undefined;

  constructor(options: IpvsBackendOptions) {
    super(options);
    this.#options = options;
    this.#doors = options;
    this.#gradual = new GradualWeights(options.drainTimeoutMs);
  }

  override plan(): IpvsPlan {
    this.#plan = super.plan();
    return this.#plan;
  }

  async apply(changes: IpvsChanges, signal: AbortSignal): Promise<Outcome<IpvsUnit>> {
    const image = this.#image;
    this.#image = undefined;
    const times = { nowMs: performance.now(), answerMs: this.#options.answerMs };
    this.#known ??= new Set();
    const application = new Application(this.#doors, this.#gradual, this.#known, times, signal);
    this.#rulesKnown = false;
    const { refused, unmade } = await application.run(changes);
    this.#rulesKnown = true;
    if (image === undefined || unmade.isMore) return refused.length === 0 ? 'applied' : { refused };
    image.update(changes, unmade);
    this.#image = image;
    if (refused.length === 0) return 'applied';
    return { refused, held: (_key, wanted) => unmade.heldOf(wanted, image) };
  }

  async observe(signal: AbortSignal): Promise<IpvsState> {
    this.#image = undefined;
    this.#rulesKnown = false;
    const { state } = await this.#look(signal);
    this.#known = new Set(state.servers.keys());
    this.#image = new KernelImage(state);
    // Whatever differs is applied before anything else happens.
    this.#rulesKnown = true;
    return state;
  }

  watch(drifted: (what: string) => void, inTurn: InTurn, signal: AbortSignal): Promise<void> {
    const { family, logger, watchPeriodMs, gradualPeriodMs, ipvs, sets, links, rules } = this.#options;
    return watchKernel(
      { family, logger, periodMs: watchPeriodMs, gradualPeriodMs, ipvs, sets, links, rules },
      {
        gradual: this.#gradual,
        image: () => this.#image,
        leftRules: () => (this.#rulesKnown ? this.#plan?.rules() : undefined),
      },
      drifted,
      inTurn,
      signal,
    );
  }

  async cleanup(signal: AbortSignal): Promise<void> {
    const { state, setNames } = await this.#look(signal);
    this.#image = undefined;
    await cleanUp(this.#options, state, setNames, signal);
  }

  #look(signal: AbortSignal) {
    return new Observation(this.#options, this.#known, this.#gradual, performance.now(), signal).run();
  }
}
