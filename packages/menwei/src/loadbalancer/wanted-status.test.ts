import { aLoadBalancer } from '@menwei/testing/services/testing.ts';
import { expect, it } from 'vitest';
import { diffStatus, READY_CONDITION } from './wanted-status.ts';

it('a message of any length is one that a status can have, and is written once', () => {
  const wanted = {
    ...{ finalizer: undefined, ingress: undefined, portsError: undefined, annotations: {} },
    ready: { status: 'False', reason: 'ProviderError', message: 'x'.repeat(300_000) },
  } as const;
  const condition = diffStatus(aLoadBalancer(), wanted, 0)?.conditions?.get(READY_CONDITION);
  expect(condition?.message).toHaveLength(4096);
  const conditions = condition === undefined ? [] : [condition];
  expect(diffStatus(aLoadBalancer({ conditions }), wanted, 0)).toBeUndefined();
});
