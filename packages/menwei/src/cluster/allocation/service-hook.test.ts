import { Services } from '@menwei/testing/cluster/services.ts';
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import { type ServiceSpec, withSpec } from '../kinds/service/fields.ts';
import type { ApiObject } from '../schema/object.ts';

const SERVICES = resourceOf('', 'services');
const WEB: ServiceSpec = { ports: [{ port: 80 }] };
const FULL = 'range is full';

/** The lowest number of those there are to choose from. */
const lowest = (): number => 0;

async function clusterIpOf(services: Services, name: string, spec: ServiceSpec = WEB): Promise<string> {
  const { service, refusal } = await services.put(name, spec);
  return service?.spec?.clusterIP ?? refusal?.message ?? '';
}

describe('ClusterIPs', () => {
  it.each([
    // Above the static band: 256, 256, 16, and none of the smallest.
    ['10.96.0.0/16', '10.96.1.1'],
    ['10.0.0.0/12', '10.0.1.1'],
    ['10.0.0.0/24', '10.0.0.17'],
    ['10.0.0.0/28', '10.0.0.1'],
    ['fd00::/112', 'fd00::101'],
    ['fd00::/64', 'fd00::101'],
  ])('of %s begin at %s', async (cidr, first) => {
    const families = [cidr.includes(':') ? 'IPv6' : 'IPv4'] as const;
    const services = await Services.open({ cidrs: [cidr], families, random: lowest });
    expect(await clusterIpOf(services, 'a')).toBe(first);
  });

  it('come from the low band when nothing else is left, and then no more come', async () => {
    const services = await Services.open({ cidrs: ['10.0.0.0/27'], families: ['IPv4'], random: lowest });
    const given: string[] = [];
    for (let index = 0; index < 30; index += 1) given.push(await clusterIpOf(services, `s${index}`));
    expect(given.slice(0, 2)).toEqual(['10.0.0.17', '10.0.0.18']);
    expect(given.slice(14, 16)).toEqual(['10.0.0.1', '10.0.0.2']);
    expect(new Set(given).size).toBe(30);
    expect(await clusterIpOf(services, 'late')).toBe(
      `Internal error occurred: failed to allocate a serviceIP for Service "late": ${FULL}`,
    );
    await services.delete('s7');
    expect(await clusterIpOf(services, 'late')).toBe(given[7]);
  });

  it('come from another ServiceCIDR when the one of the flags is full', async () => {
    const services = await Services.open({ cidrs: ['10.0.0.0/30'], families: ['IPv4'], random: lowest });
    await services.putCidr('a-second', ['10.9.0.0/30']);
    const given = [];
    for (const name of ['a', 'b', 'c', 'd']) given.push(await clusterIpOf(services, name));
    expect(given).toEqual(['10.0.0.1', '10.0.0.2', '10.9.0.1', '10.9.0.2']);
    expect(await clusterIpOf(services, 'e')).toContain(FULL);
    await services.putCidr('third', ['10.10.0.0/30'], false);
    expect(await clusterIpOf(services, 'e')).toContain(FULL);
    await services.putCidr('third', ['10.10.0.0/30']);
    expect(await clusterIpOf(services, 'e')).toBe('10.10.0.1');
  });

  it('are not taken from a ServiceCIDR that ends', async () => {
    const services = await Services.open({ families: ['IPv4', 'IPv6'] });
    await services.putCidr('kubernetes', ['10.96.0.0/16'], false);
    expect(await clusterIpOf(services, 'a')).toContain(FULL);
    expect(await clusterIpOf(services, 'a', { ...WEB, clusterIP: '10.96.0.9' })).toContain(
      'the provided network does not match the current range',
    );
  });

  it('are taken once an IPAddress has their name, whoever made it', async () => {
    const services = await Services.open();
    const address: ApiObject & { readonly spec: object } = {
      kind: 'IPAddress',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: '10.96.0.9' },
      spec: { parentRef: { resource: 'pods', name: 'p' } },
    };
    const addresses = resourceOf('networking.k8s.io', 'ipaddresses');
    await services.registry.create(addresses, '', address);
    const wanted = { ...WEB, clusterIP: '10.96.0.9' };
    expect(await clusterIpOf(services, 'a', wanted)).toContain('provided IP is already allocated');
    await services.registry.delete(addresses, '', '10.96.0.9');
    expect(await clusterIpOf(services, 'a', wanted)).toBe('10.96.0.9');
  });

  it('of a dry run are free ones, and stay free', async () => {
    const services = await Services.open({ random: lowest });
    const { service } = await services.put('a', { ...WEB, type: 'NodePort' }, { isDryRun: true });
    expect(service?.spec).toMatchObject({ clusterIP: '10.96.1.1', ports: [{ nodePort: 30_086 }] });
    expect(await clusterIpOf(services, 'b')).toBe('10.96.1.1');
    expect([...services.addresses()]).toEqual([['10.96.1.1', 'b']]);
  });

  it('go with the Service, also with the last finalizer, and also those that the last update took', async () => {
    const services = await Services.open();
    await services.put('a', WEB);
    const withFinalizers = (finalizers: readonly string[]) => (object: ApiObject) => ({
      ...withSpec(object, { ipFamilyPolicy: finalizers.length === 0 ? 'PreferDualStack' : 'SingleStack' }),
      metadata: { ...object.metadata, finalizers },
    });
    await services.registry.change(SERVICES, 'default', 'a', withFinalizers(['test.io/wait']));
    await services.delete('a');
    expect(services.addresses().size).toBe(1);
    await services.registry.change(SERVICES, 'default', 'a', withFinalizers([]));
    expect(services.all()).toEqual([]);
    expect(services.addresses().size).toBe(0);
  });
});

describe('IP families', () => {
  it.each<[string, ServiceSpec]>([
    [
      'spec.ipFamilyPolicy: Invalid value: "RequireDualStack": this cluster is not configured for dual-stack services',
      { ipFamilyPolicy: 'RequireDualStack' },
    ],
    ['spec.ipFamilies[0]: Invalid value: "IPv6": not configured on this cluster', { ipFamilies: ['IPv6'] }],
    [
      'spec.clusterIPs[0]: Invalid value: ["fd00::1"]: IPv6 is not configured on this cluster',
      { clusterIP: 'fd00::1' },
    ],
  ])('that the cluster has not got are refused: %s', async (message, spec) => {
    const services = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
    expect(await clusterIpOf(services, 'a', { ...WEB, ...spec })).toBe(`Service "a" is invalid: ${message}`);
  });

  it('are one where two are only preferred, and both for a headless Service without a selector', async () => {
    const services = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
    const preferring = await services.put('a', { ...WEB, ipFamilyPolicy: 'PreferDualStack' });
    expect(preferring.service?.spec?.ipFamilies).toEqual(['IPv4']);
    const headless = await services.put('b', { ...WEB, clusterIP: 'None' });
    expect(headless.service?.spec?.ipFamilies).toEqual(['IPv4', 'IPv6']);
  });

  it('stay as they are when the cluster gets a second one', async () => {
    const before = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
    await before.put('a', { ...WEB, ipFamilyPolicy: 'PreferDualStack' });
    const services = await Services.open({ store: before.store });
    const asItIs = { ...WEB, ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv4'] };
    const { service } = await services.put('a', { ...asItIs, sessionAffinity: 'ClientIP' });
    expect(service?.spec?.ipFamilies).toEqual(['IPv4']);
    const required = await services.put('a', { ...WEB, ipFamilyPolicy: 'RequireDualStack' });
    expect(required.service?.spec?.ipFamilies).toEqual(['IPv4', 'IPv6']);
    expect(services.addresses().size).toBe(2);
  });
});

describe('NodePorts', () => {
  const nodePorts = { first: 30_000, last: 30_003 };
  const portsOf = async (services: Services, name: string, spec: ServiceSpec) => {
    const { service, refusal } = await services.put(name, spec);
    return service?.spec?.ports?.map(({ nodePort }) => nodePort) ?? refusal?.message;
  };

  it('come until there are none, and again when one is given back', async () => {
    const services = await Services.open({ nodePorts });
    const spec = { ...WEB, type: 'NodePort' };
    const given = [];
    for (const name of ['a', 'b', 'c', 'd']) given.push(await portsOf(services, name, spec));
    expect(given.flat().toSorted()).toEqual([30_000, 30_001, 30_002, 30_003]);
    expect(await portsOf(services, 'e', spec)).toBe(
      'Internal error occurred: failed to allocate a nodePort: range is full',
    );
    await services.put('c', WEB);
    expect(await portsOf(services, 'e', spec)).toEqual(given[2]);
  });

  it('of one number are one, and what one of them asks for all of them get', async () => {
    const services = await Services.open({ nodePorts });
    const dns = (nodePort: number) => ({
      type: 'NodePort',
      ports: [
        { name: 't', port: 53 },
        { name: 'u', port: 53, protocol: 'UDP', nodePort },
      ],
    });
    expect(await portsOf(services, 'a', dns(30_002))).toEqual([30_002, 30_002]);
    expect(await portsOf(services, 'b', dns(30_002))).toBe(
      'Service "b" is invalid: spec.ports[0].nodePort: Invalid value: 30002: provided port is already allocated',
    );
  });

  it('and health check ports are of one pool', async () => {
    const services = await Services.open({ nodePorts: { first: 30_000, last: 30_001 } });
    const local = { ...WEB, type: 'LoadBalancer', externalTrafficPolicy: 'Local' };
    const { service } = await services.put('a', local);
    const { healthCheckNodePort, ports } = service?.spec ?? {};
    expect([healthCheckNodePort, ports?.[0]?.nodePort].toSorted()).toEqual([30_000, 30_001]);
    expect(await portsOf(services, 'b', { ...WEB, type: 'NodePort' })).toContain(FULL);
    await services.put('a', { ...local, externalTrafficPolicy: 'Cluster' });
    expect(await portsOf(services, 'b', { ...WEB, type: 'NodePort' })).toEqual([healthCheckNodePort]);
  });

  it('change places between the ports of a Service', async () => {
    const services = await Services.open();
    const swapped = (x: number, y: number) => ({
      type: 'NodePort',
      ports: [
        { name: 'x', port: 1, nodePort: x },
        { name: 'y', port: 2, nodePort: y },
      ],
    });
    expect(await portsOf(services, 'a', swapped(30_001, 30_002))).toEqual([30_001, 30_002]);
    expect(await portsOf(services, 'a', swapped(30_002, 30_001))).toEqual([30_002, 30_001]);
  });
});
