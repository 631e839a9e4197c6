/** The ipvs mode of one IP family: the pure parts of this folder tied to the kernel. */
import type { Logger } from '../../log/logger.ts';
import type { Backend, KernelWatch, Outcome, TrafficOfPorts } from '../backend.ts';
import type { IpvsChanges } from './changes.ts';
import { IpvsKernel, type IpvsKernelOptions } from './kernel.ts';
import type { IpvsOptions } from './options.ts';
import type { IpvsPlan } from './plan.ts';
import { IpvsRules } from './rules.ts';
import type { IpvsState } from './state.ts';
import { trafficOfPorts } from './traffic.ts';
import type { IpvsUnit } from './unit.ts';
import { watchKernel } from './watch.ts';

export interface IpvsBackendOptions extends IpvsOptions, IpvsKernelOptions {
  readonly logger: Logger;
  /** How often the watch compares the kernel with what was left in it. */
  readonly watchPeriodMs: number;
  /** How often the watch looks at destinations that drain; twice a second unless told. */
  readonly drainPeriodMs?: number;
  /** Closes its connections. */
  readonly close?: () => void;
}

export class IpvsBackend extends IpvsRules implements Backend<IpvsUnit, IpvsState, IpvsChanges> {
  readonly #options: IpvsBackendOptions;
  readonly #kernel: IpvsKernel;

  constructor(options: IpvsBackendOptions) {
    super(options);
    this.#options = options;
    const { family, logger } = options;
    const onRemoved = (server: string) =>
      logger.warn(
        { family },
        `drift: changed by another program: virtual server ${server} was removed; resyncing`,
      );
    this.#kernel = new IpvsKernel({ ...options, onRemoved });
  }

  apply(changes: IpvsChanges, signal: AbortSignal): Promise<Outcome<IpvsUnit>> {
    return this.#kernel.apply(changes, signal);
  }

  observe(signal: AbortSignal): Promise<IpvsState> {
    return this.#kernel.observe(signal);
  }

  watch({ left, drifted, inTurn }: KernelWatch<IpvsPlan>, signal: AbortSignal): Promise<void> {
    const { family, logger, watchPeriodMs, drainPeriodMs, ipvs, sets, links, rules } = this.#options;
    return watchKernel(
      { family, logger, periodMs: watchPeriodMs, drainPeriodMs, ipvs, sets, links, rules },
      {
        draining: this.#kernel.draining,
        image: () => this.#kernel.image,
        leftRules: () => left()?.rules(),
      },
      drifted,
      inTurn,
      signal,
    );
  }

  async observeTraffic(plan: IpvsPlan, signal: AbortSignal): Promise<TrafficOfPorts> {
    const { ipvs, family } = this.#options;
    return trafficOfPorts(plan.servers(), await ipvs.observeServerCounters(family, signal));
  }

  cleanup(signal: AbortSignal): Promise<void> {
    return this.#kernel.cleanup(signal);
  }

  close(): void {
    this.#options.close?.();
  }
}
