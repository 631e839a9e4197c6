/** The userspace mode of one IP family: the pure parts of this folder tied to the tools and the relays. */
import type { Backend, KernelWatch, Outcome, TrafficOfPorts } from '../backend.ts';
import type { UserspaceChanges } from './changes.ts';
import { UserspaceKernel, type UserspaceKernelOptions } from './kernel.ts';
import type { UserspaceOptions } from './options.ts';
import type { UserspacePlan } from './plan.ts';
import { UserspaceRules } from './rules.ts';
import type { UserspaceState } from './state.ts';
import type { UserspaceUnit } from './unit.ts';

export interface UserspaceBackendOptions extends UserspaceOptions, UserspaceKernelOptions {}

export class UserspaceBackend
  extends UserspaceRules
  implements Backend<UserspaceUnit, UserspaceState, UserspaceChanges>
{
  readonly #kernel: UserspaceKernel;

  constructor(options: UserspaceBackendOptions) {
    super(options);
    this.#kernel = new UserspaceKernel(options);
  }

  /** What can't be seen is not compared. */
  override diff(from: UserspaceState, to: UserspaceState): UserspaceChanges {
    const changes = super.diff(from, to);
    return this.#kernel.hasRelays ? changes : { ...changes, relays: new Map() };
  }

  apply(changes: UserspaceChanges, signal: AbortSignal): Promise<Outcome<UserspaceUnit>> {
    return this.#kernel.apply(changes, signal);
  }

  observe(signal: AbortSignal): Promise<UserspaceState> {
    return this.#kernel.observe(signal);
  }

  async observeTraffic(): Promise<TrafficOfPorts> {
    return this.#kernel.observeTraffic();
  }

  watch(watch: KernelWatch<UserspacePlan>, signal: AbortSignal): Promise<void> {
    return this.#kernel.watch(watch, signal);
  }

  close(): void {
    this.#kernel.close();
  }

  cleanup(signal: AbortSignal): Promise<void> {
    return this.#kernel.cleanup(signal);
  }
}
