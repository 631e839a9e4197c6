import { Services } from '@menwei/testing/cluster/services.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { atOnce } from '../../scheduling/steps.ts';
import { type Service, withSpec } from '../kinds/service/fields.ts';
import type { ApiObject } from '../schema/object.ts';
import { objectOf } from '../store/stored-object.ts';
import { type IpAddress, newIpAddress } from './ip-address.ts';
import { mendAllocation } from './mend.ts';
import { allocationFaults } from './repair.ts';

const NOW = '2026-01-01T00:02:00Z';
const NODE_PORTS = { first: 30_000, last: 32_767 };
const stamp = { nowMs: () => Date.parse(NOW), newUid: () => 'uid-mended' };

let services: Services;

beforeEach(async () => {
  services = await Services.open();
  await services.put('a', {
    clusterIP: '10.96.0.9',
    type: 'NodePort',
    ports: [{ port: 80, nodePort: 30_001 }],
  });
});

const faults = () => {
  const options = { nodePorts: NODE_PORTS, nowMs: Date.parse(NOW) };
  return atOnce(allocationFaults(services.store, options));
};
const told = () =>
  faults().map(({ reason, message, about }) => `${about.metadata.name} ${reason}: ${message}`);

/** Past the registry: as a damaged backup would. */
const put = (resource: string, object: ApiObject) =>
  services.store.transact((transaction) => transaction.put(resource, object));
const remove = (resource: string, namespace: string, name: string) =>
  services.store.transact((transaction) => transaction.delete(resource, namespace, name));

function serviceA(): Service {
  const stored = services.store.get('services', 'default', 'a');
  if (stored === undefined) throw new Error('there is no Service a');
  return objectOf('services', stored);
}

const named = (name: string, creationTimestamp: string): Service => ({
  ...serviceA(),
  metadata: { ...serviceA().metadata, name, uid: `uid-${name}`, creationTimestamp },
});

function addressFor(service: Service, ip: string, createdAt = '2026-01-01T00:00:00Z'): IpAddress {
  return newIpAddress(ip, service, { nowMs: () => Date.parse(createdAt), newUid: () => `uid-${ip}` });
}

/** @returns how many were mended */
function mendAll(): Promise<number> {
  const mends = faults().flatMap(({ mend }) => mend ?? []);
  return services.store.transact(
    (transaction) => mends.filter((mend) => mendAllocation(transaction, mend, stamp)).length,
  );
}

describe('the repair', () => {
  it('takes the address of a Service whose IPAddress is gone', async () => {
    await remove('ipaddresses', '', '10.96.0.9');
    expect(told()).toEqual([
      'a ClusterIPNotAllocated: Cluster IP [IPv4]: 10.96.0.9 is not allocated; repairing',
    ]);
    expect(await mendAll()).toBe(1);
    expect([...services.addresses()]).toEqual([['10.96.0.9', 'a']]);
    expect(told()).toEqual([]);
  });

  it('takes it also from what refers to a Service that has it not', async () => {
    await put('ipaddresses', addressFor(named('b', NOW), '10.96.0.9'));
    expect(told()).toEqual([
      'a ClusterIPNotAllocated: Cluster IP [IPv4]: 10.96.0.9 for Service default/a has a wrong reference; repairing',
    ]);
    expect(await mendAll()).toBe(1);
    expect([...services.addresses()]).toEqual([['10.96.0.9', 'a']]);
  });

  it('leaves an address to the Service that the IPAddress names, and tells the others', async () => {
    await put('services', named('b', '2020-01-01T00:00:00Z'));
    expect(told()).toEqual(
      [
        'b ClusterIPAlreadyAllocated: Cluster IP [IPv4]: 10.96.0.9 was assigned to multiple services; please recreate service',
        'a PortAlreadyAllocated: Port 30001 was assigned to multiple services; please recreate service',
      ].toSorted(),
    );
    expect(await mendAll()).toBe(0);
  });

  it('gives it to the oldest if no IPAddress says', async () => {
    await put('services', named('b', '2020-01-01T00:00:00Z'));
    await remove('ipaddresses', '', '10.96.0.9');
    expect(told()).toContain(
      'a ClusterIPAlreadyAllocated: Cluster IP [IPv4]: 10.96.0.9 was assigned to multiple services; please recreate service',
    );
    await mendAll();
    expect([...services.addresses()]).toEqual([['10.96.0.9', 'b']]);
  });

  it('tells of addresses and ports that lie outside, and of what is no address', async () => {
    const { ports = [] } = serviceA().spec ?? {};
    const outside = { clusterIP: '10.97.0.9', clusterIPs: ['10.97.0.9', 'x'] };
    const ofA = ports.map((port) => ({ ...port, nodePort: 80 }));
    await put('services', withSpec(serviceA(), { ...outside, ports: ofA }));
    expect(told().slice(0, 3)).toEqual([
      'a ClusterIPOutOfRange: Cluster IP [IPv4]: 10.97.0.9 is not within any configured Service CIDR; please recreate service',
      'a ClusterIPNotValid: Cluster IP x is not a valid IP; please recreate service',
      'a PortOutOfRange: Port 80 is not within the port range 30000-32767; please recreate service',
    ]);
  });

  it('removes an IPAddress that its Service has not, and one whose Service is gone for a minute', async () => {
    await put('ipaddresses', addressFor(serviceA(), '10.96.0.10'));
    await put('ipaddresses', addressFor(named('gone', NOW), '10.96.0.11'));
    await put('ipaddresses', addressFor(named('late', NOW), '10.96.0.12', '2026-01-01T00:01:30Z'));
    expect(told()).toEqual([
      '10.96.0.10 IPAddressWrongReference: IPAddress: 10.96.0.10 for Service default/a has a wrong reference; cleaning up',
      '10.96.0.11 IPAddressNotAllocated: IPAddress: 10.96.0.11 for Service default/gone appears to have leaked: cleaning up',
    ]);
    expect(await mendAll()).toBe(2);
    expect([...services.addresses().keys()]).toEqual(['10.96.0.12', '10.96.0.9']);
  });

  it('leaves alone the IPAddresses that others have made', async () => {
    const address = addressFor(named('gone', NOW), '10.96.0.11');
    await put('ipaddresses', { ...address, metadata: { ...address.metadata, labels: {} } });
    expect(told()).toEqual([]);
  });

  it('mends only what is still so', async () => {
    await remove('ipaddresses', '', '10.96.0.9');
    await put('ipaddresses', addressFor(named('gone', NOW), '10.96.0.11'));
    const mends = faults().flatMap(({ mend }) => mend ?? []);
    expect(mends.length).toBe(2);
    await remove('services', 'default', 'a');
    await remove('ipaddresses', '', '10.96.0.11');
    const mended = await services.store.transact((transaction) =>
      mends.map((mend) => mendAllocation(transaction, mend, stamp)),
    );
    expect(mended).toEqual([false, false]);
  });
});
