import { ToyBackend } from '@menwei/testing/proxy/toy-backend.ts';
import { aNodeView, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { ObjectRef } from '../kubernetes/objects.ts';
import { silentLogger } from '../log/logger.ts';
import { FamilyProxy } from '../proxy/family-proxy.ts';
import { State } from '../state/state.ts';
import { readStatuses } from './family-status.ts';

const REASON = 'a.yaml:3: Service ns/web: spec.ports[0].port: 0 is outside 1-65535';

/** A proxy that has programmed web and db, which asks for an address of web. */
async function openProgrammed() {
  const state = new State('node-a');
  const { objects } = state;
  const proxy = new FamilyProxy({
    backend: new ToyBackend(),
    state,
    startedAtMs: 0,
    nodeView: () => aNodeView(),
    logger: silentLogger,
  });
  objects.put(aService({ name: 'web', createdAtMs: 1, externalIPs: ['203.0.113.9'] }));
  objects.put(
    aService({
      name: 'db',
      createdAtMs: 2,
      clusterIPs: { IPv4: '172.30.0.2' },
      externalIPs: ['203.0.113.9'],
    }),
  );
  objects.put(aSlice({ name: 'web-1', serviceName: 'web', endpoints: ['10.0.0.1'] }));
  await proxy.sync(new AbortController().signal);
  return {
    state,
    tell: (...refs: readonly Pick<ObjectRef, 'kind' | 'name'>[]) => {
      for (const ref of refs) objects.putStale({ namespace: 'ns', ...ref }, REASON, 7);
      return Object.fromEntries(
        readStatuses(objects, state.families.IPv4).map(({ servicePort, state: is, error = '' }) => [
          servicePort,
          [is, error],
        ]),
      );
    },
  };
}

const CONTESTED = ['error', 'spec.externalIPs: 203.0.113.9:80/TCP already belongs to Service ns/web'];

describe('the status', () => {
  it('says which address of a Service another one owns', async () => {
    const { tell } = await openProgrammed();
    expect(tell()).toEqual({ 'ns/web/TCP': ['programmed', ''], 'ns/db/TCP': CONTESTED });
  });

  it.each([
    ['a Service', { kind: 'Service', name: 'web' }],
    ['a slice of one', { kind: 'EndpointSlice', name: 'web-1' }],
  ] as const)('says that the last version of %s can’t be used', async (_what, ref) => {
    const { tell } = await openProgrammed();
    const error = `${REASON}; the last valid version stays in effect`;
    expect(tell(ref)).toEqual({ 'ns/web/TCP': ['error', error], 'ns/db/TCP': CONTESTED });
  });

  it('has a Service that was never right', async () => {
    const { tell } = await openProgrammed();
    expect(tell({ kind: 'Service', name: 'never' })).toMatchObject({ 'ns/never': ['error', REASON] });
  });

  it('has no row for an IP family that a Service does not have', async () => {
    const { state, tell } = await openProgrammed();
    tell({ kind: 'Service', name: 'web' });
    expect(readStatuses(state.objects, state.families.IPv6)).toEqual([]);
  });

  it.each([
    ['a Service', { kind: 'Service', name: 'web' }],
    ['a slice of one', { kind: 'EndpointSlice', name: 'web-1' }],
  ] as const)('warns of parts of %s that are left out', async (_what, ref) => {
    const { state } = await openProgrammed();
    const warnings = () =>
      Object.fromEntries(
        readStatuses(state.objects, state.families.IPv4).map((row) => [row.servicePort, row.warning]),
      );
    state.objects.putFlaw({ namespace: 'ns', ...ref }, 'endpoints[0]: no address', 7);
    expect(warnings()).toEqual({ 'ns/web/TCP': 'endpoints[0]: no address', 'ns/db/TCP': undefined });
    state.objects.putFlaw({ namespace: 'ns', ...ref }, undefined, 8);
    expect(warnings()).toEqual({ 'ns/web/TCP': undefined, 'ns/db/TCP': undefined });
  });

  it('is not about other objects', async () => {
    const { tell } = await openProgrammed();
    expect(tell({ kind: 'Node', name: 'web' }, { kind: 'EndpointSlice', name: 'unknown' })).toEqual({
      'ns/web/TCP': ['programmed', ''],
      'ns/db/TCP': CONTESTED,
    });
  });
});
