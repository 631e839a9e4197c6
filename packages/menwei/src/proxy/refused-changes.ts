/** What became of the changes of a sync, where the kernel did not take all of them. */
import type { Partly, Plan, Refusal } from '../backends/backend.ts';
import type { ServicePortKey } from '../state/service-port.ts';

/** Stands for what was refused and belongs to no service port. */
export const NOBODY: ServicePortKey = '';

/** What the kernel refused, and whether it is known what it holds instead. */
export interface RefusedChanges {
  readonly refusals: readonly Refusal[];
  /** By service port, or under {@link NOBODY}. */
  readonly reasons: ReadonlyMap<ServicePortKey, string>;
  readonly isKernelKnown: boolean;
}

export const NOTHING_REFUSED: RefusedChanges = { refusals: [], reasons: new Map(), isKernelKnown: true };

/** What was to be, service port by service port. */
interface Desired<Unit> {
  readonly plan: Plan<Unit, unknown>;
  unit(key: ServicePortKey): Unit | undefined;
}

/**
 * @param keys of the service ports that may be concerned
 * @returns also the units that the kernel holds of service ports, where they are others than those that were to be
 */
export function readRefusals<Unit>(
  outcome: Partly<Unit>,
  keys: Iterable<ServicePortKey>,
  desired: Desired<Unit>,
): RefusedChanges & { readonly held: ReadonlyMap<ServicePortKey, Unit | undefined> } {
  const { refused: refusals } = outcome;
  const reasons = new Map<ServicePortKey, string>();
  for (const { servicePort, error } of refusals) reasons.set(servicePort ?? NOBODY, error.message);
  const isKernelKnown = outcome.held !== undefined;
  const shared = reasons.get(NOBODY) ?? '';
  const held = new Map<ServicePortKey, Unit | undefined>();
  for (const key of isKernelKnown ? keys : []) {
    const wanted = desired.unit(key);
    const unit = outcome.held?.(key, wanted, desired.plan);
    if (unit === wanted) continue;
    held.set(key, unit);
    if (!reasons.has(key)) reasons.set(key, shared);
  }
  // Then it is that of a service port.
  if (isKernelKnown) reasons.delete(NOBODY);
  return { refusals, reasons, isKernelKnown, held };
}
