/** Leases (cluster § 10.6): who leads, which node is alive. */
import { type FieldError, forbidden, invalid, notSupported } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import { invalidEach, whyNoLabelKey } from './syntax.ts';
import { LEASE_TABLE } from './tables/lease.ts';

export const LEASE_RULES: KindRules<Messages['coordination.v1.Lease']> = {
  createsOnUpdate: true,
  needsResourceVersion: true,
  defaults: (lease) => lease,
  validate({ spec = {} }) {
    const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder = '' } = spec;
    const errors: FieldError[] = [];
    if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
      errors.push(invalid('spec.leaseDurationSeconds', leaseDurationSeconds, 'must be greater than 0'));
    }
    if (leaseTransitions !== undefined && leaseTransitions < 0) {
      errors.push(invalid('spec.leaseTransitions', leaseTransitions, 'must be greater than or equal to 0'));
    }
    if (strategy !== undefined) errors.push(...strategyErrors(strategy));
    if (preferredHolder !== '' && (strategy ?? '') === '') {
      errors.push(forbidden('spec.preferredHolder', 'may only be specified if `strategy` is defined'));
    }
    return errors;
  },
  table: LEASE_TABLE,
};

/** One name of Kubernetes' own, or any with a domain. */
function strategyErrors(strategy: string): readonly FieldError[] {
  // The field is told twice, as the reference does.
  const field = 'spec.strategy.strategy';
  if (strategy.includes('/')) return invalidEach(field, strategy, whyNoLabelKey(strategy));
  return strategy === 'OldestEmulationVersion'
    ? []
    : [notSupported(field, strategy, ['OldestEmulationVersion'])];
}
