import { aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { State } from '../state/state.ts';
import { ServiceTracker } from './service-tracker.ts';
import { readServiceTroubles } from './service-troubles.ts';

function open() {
  const { objects, families } = new State('node-a');
  const tables = families.IPv4;
  const tracker = new ServiceTracker({ objects, tables, startedAtMs: 0 });
  const settle = (error?: string) => {
    tracker.update();
    for (const servicePort of tables.servicePorts.rows.keys()) {
      const reason = error ?? tables.unmet.get(servicePort);
      const row = { servicePort, family: 'IPv4', sinceMs: 0 } as const;
      const status =
        reason === undefined
          ? { ...row, state: 'programmed' as const }
          : { ...row, state: 'error' as const, error: reason };
      tables.status.put(servicePort, status);
    }
  };
  const troubles = (key: string) =>
    readServiceTroubles(objects, [tables], key).map(
      ({ reason, servicePort, message }) => `${reason} ${servicePort ?? '-'} ${message}`,
    );
  return { objects, settle, troubles };
}

const rival = aService({
  name: 'rival',
  clusterIPs: { IPv4: '172.30.0.2' },
  externalIPs: ['203.0.113.9'],
  createdAtMs: 1,
});
const loser = aService({ name: 'loser', externalIPs: ['203.0.113.9'], createdAtMs: 2 });

describe('the troubles of a Service', () => {
  it('are none when it is programmed, or unknown', () => {
    const { objects, settle, troubles } = open();
    objects.put(aService());
    settle();
    expect([troubles('ns/web'), troubles('ns/unknown')]).toEqual([[], []]);
  });

  it('are addresses that belong to another, and only to the one that does without', () => {
    const { objects, settle, troubles } = open();
    objects.put(rival);
    objects.put(loser);
    settle();
    expect(troubles('ns/rival')).toEqual([]);
    expect(troubles('ns/loser')).toEqual([
      expect.stringMatching(/^AddressConflict ns\/loser\/TCP .*203\.0\.113\.9/),
    ]);
  });

  it('are what the kernel refuses, beside a conflict too', () => {
    const { objects, settle, troubles } = open();
    objects.put(rival);
    objects.put(loser);
    settle('refused');
    expect(troubles('ns/rival')).toEqual(['NotProgrammed ns/rival/TCP refused']);
    expect(troubles('ns/loser')).toEqual([
      expect.stringMatching(/^AddressConflict /),
      'NotProgrammed ns/loser/TCP refused',
    ]);
  });

  it('are objects that can’t be used: its own, and its slices', () => {
    const { objects, settle, troubles } = open();
    const slice = aSlice({ endpoints: ['10.0.0.1'] });
    objects.put(aService());
    objects.put(slice);
    settle();
    objects.putStale(aService(), 'spec.ports: too many', 0);
    objects.putStale(slice, 'endpoints[0]: no address', 0);
    objects.putStale(aService({ name: 'never' }), 'no name', 0);
    expect(troubles('ns/web')).toEqual([
      'InvalidObject - spec.ports: too many; the last valid version stays in effect, if there was one',
      'InvalidObject - EndpointSlice web-1: endpoints[0]: no address; the last valid version stays in effect, if there was one',
    ]);
    expect(troubles('ns/never')).toHaveLength(1);
  });
});
