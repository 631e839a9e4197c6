import { expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import { LEASE_RULES } from './lease.ts';

it.each<[object, readonly string[]]>([
  [{ leaseDurationSeconds: 40, leaseTransitions: 0, strategy: 'OldestEmulationVersion' }, []],
  [{ strategy: 'x.y/z', preferredHolder: 'a' }, []],
  [
    { leaseDurationSeconds: 0, leaseTransitions: -1 },
    [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
  [
    { strategy: 'Nope' },
    ['spec.strategy.strategy: Unsupported value: "Nope": supported values: "OldestEmulationVersion"'],
  ],
  [
    { preferredHolder: 'a' },
    ['spec.preferredHolder: Forbidden: may only be specified if `strategy` is defined'],
  ],
])('a Lease with %j', (spec, errors) => {
  const lease = { kind: 'Lease', apiVersion: 'coordination.k8s.io/v1', metadata: { name: 'l' }, spec };
  const told = LEASE_RULES.validate(lease).map((error) => `${error.field}: ${formatErrorBody(error)}`);
  expect(told).toEqual(errors);
});
