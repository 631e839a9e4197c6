import { aHealthCheck, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { type EndpointHealth, type HealthState, healthKey } from '../state/endpoint-health.ts';
import { State } from '../state/state.ts';
import { ServiceTracker } from './service-tracker.ts';
import type { ServiceRules } from './wanted-port.ts';

const WEB = 'ns/web:http/TCP';
const [ONE, TWO] = ['10.0.0.1:8080', '10.0.0.2:8080'];
const CHECK = aHealthCheck({ fall: 5 });

/** Two Services, `web` with two ports and `web-2` with one, of two endpoints each. */
function openTracker(rules: ServiceRules = {}) {
  const state = new State('node-a');
  const tables = state.families.IPv4;
  const tracker = new ServiceTracker({ objects: state.objects, tables, startedAtMs: 0, rules });
  let touched = 0;
  tracker.onTouched(() => {
    touched++;
  });
  const endpoints = ['10.0.0.1', '10.0.0.2'];
  const ports = [{ name: 'http' }, { name: 'admin', port: 81 }];
  state.objects.put(aService({ ports, healthCheck: CHECK }));
  state.objects.put(aSlice({ ports: [{ name: 'http' }, { name: 'admin', port: 8081 }], endpoints }));
  state.objects.put(aService({ name: 'web-2', clusterIPs: { IPv4: '172.30.0.2' } }));
  state.objects.put(aSlice({ name: 'web-2-1', serviceName: 'web-2', endpoints }));
  tracker.update();
  touched = 0;
  const changes = tables.servicePorts.reader();
  changes.take();
  return {
    state,
    put: (port: string, endpoint: string, healthState: HealthState) =>
      tables.health.put(healthKey(port, endpoint), row(port, endpoint, healthState)),
    delete: (port: string, endpoint: string) => tables.health.delete(healthKey(port, endpoint)),
    update: () => {
      tracker.update();
      return changes.take().map(({ key }) => key);
    },
    touched: () => touched,
    health: (key: string) => tables.servicePorts.get(key)?.health,
  };
}

function row(port: string, endpoint: string, state: HealthState): EndpointHealth {
  return { port, endpoint, state, sinceMs: 1, result: 'timeout', detail: '', checkers: [] };
}

describe('the health of a service port', () => {
  it('is undefined where nothing is checked, and what checks say of it is passed over', () => {
    const it = openTracker();
    expect(it.health('ns/web-2/TCP')).toBeUndefined();
    it.put('ns/web-2/TCP', ONE, 'down');
    expect([it.update(), it.health('ns/web-2/TCP')]).toEqual([[], undefined]);
  });

  it('is the check of the Service, and the endpoints that are down or recovering, sorted', () => {
    const it = openTracker();
    expect(it.health(WEB)).toEqual({ check: CHECK, down: [] });
    it.put(WEB, TWO, 'down');
    it.put(WEB, ONE, 'recovering');
    it.put(WEB, '10.0.0.9:8080', 'down');
    expect([it.update(), it.health(WEB)]).toEqual([[WEB], { check: CHECK, down: [ONE, TWO] }]);
    expect(it.health('ns/web:admin/TCP')).toEqual({ check: CHECK, down: [] });
    it.put(WEB, ONE, 'up');
    it.delete(WEB, TWO);
    expect([it.update(), it.health(WEB)]).toEqual([[WEB], { check: CHECK, down: [] }]);
  });

  it('touches nothing while an endpoint is used, or unused, as before', () => {
    const it = openTracker();
    for (const state of ['unknown', 'up', 'failing', 'up'] as const) it.put(WEB, ONE, state);
    expect(it.touched()).toBe(0);
    it.put(WEB, ONE, 'down');
    expect([it.touched(), it.update()]).toEqual([1, [WEB]]);
    it.put(WEB, ONE, 'recovering');
    it.put(WEB, ONE, 'down');
    expect([it.touched(), it.update()]).toEqual([1, []]);
  });

  it('is kept for an endpoint that leaves and comes back, as long as its row is', () => {
    const it = openTracker();
    it.put(WEB, ONE, 'down');
    it.state.objects.put(aSlice({ ports: [{ name: 'http' }], endpoints: ['10.0.0.2'] }));
    it.update();
    expect(it.health(WEB)?.down).toEqual([]);
    it.state.objects.put(aSlice({ ports: [{ name: 'http' }], endpoints: ['10.0.0.1', '10.0.0.2'] }));
    it.update();
    expect(it.health(WEB)?.down).toEqual([ONE]);
  });

  it('is by the default of the proxy where the Service says nothing, and never where it says none', () => {
    const it = openTracker({ healthCheckByDefault: aHealthCheck() });
    expect(it.health('ns/web-2/TCP')).toEqual({ check: aHealthCheck(), down: [] });
    expect(it.health(WEB)?.check).toEqual(CHECK);
    const none = { name: 'web-2', clusterIPs: { IPv4: '172.30.0.2' }, healthCheck: 'none' as const };
    it.state.objects.put(aService(none));
    it.put('ns/web-2/TCP', ONE, 'down');
    expect(it.update()).toEqual(['ns/web-2/TCP']);
    expect(it.health('ns/web-2/TCP')).toBeUndefined();
  });
});
