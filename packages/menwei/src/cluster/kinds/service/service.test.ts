import { Services } from '@menwei/testing/cluster/services.ts';
import { describe, expect, it } from 'vitest';
import { formatErrorBody } from '../../schema/field-error.ts';
import type { ApiObject } from '../../schema/object.ts';
import { objectOf } from '../../store/stored-object.ts';
import { resourceOf } from '../resources.ts';
import type { Service, ServiceSpec } from './fields.ts';
import { serviceStatusErrors } from './status.ts';

const SERVICES = resourceOf('', 'services');
const WEB: ServiceSpec = { ports: [{ port: 80 }] };
const BALANCED: ServiceSpec = { ...WEB, type: 'LoadBalancer' };
const SOURCE_RANGES = 'service.beta.kubernetes.io/load-balancer-source-ranges';

async function answerTo(spec: ServiceSpec, annotations: Readonly<Record<string, string>> = {}) {
  const services = await Services.open();
  const { refusal, warnings, service } = await services.put('a', spec, { annotations });
  return { message: refusal?.message, warnings, service };
}

describe('a Service', () => {
  it.each<[string, ServiceSpec]>([
    [
      'spec.externalIPs is ignored for headless services',
      { ...WEB, clusterIP: 'None', externalIPs: ['203.0.113.5'] },
    ],
    [
      'spec.loadBalancerIP is ignored for headless services',
      { ...WEB, clusterIP: 'None', loadBalancerIP: '203.0.113.5' },
    ],
    [
      'spec.SessionAffinity is ignored for headless services',
      { ...WEB, clusterIP: 'None', sessionAffinity: 'ClientIP' },
    ],
    ['spec.externalName is ignored when spec.type is not "ExternalName"', { ...WEB, externalName: 'a.b' }],
    [
      'spec.externalIPs is ignored when spec.type is "ExternalName"',
      { type: 'ExternalName', externalName: 'a.b', externalIPs: ['203.0.113.5'] },
    ],
    [
      'spec.clusterIPs[0]: IPv6 address "fd00:96::0:9" should be in RFC 5952 canonical format ("fd00:96::9")',
      { ...WEB, clusterIP: 'fd00:96::0:9' },
    ],
    [
      'spec.loadBalancerSourceRanges[0]: IPv6 CIDR value "2001:DB8::/64" should be in RFC 5952 canonical format ("2001:db8::/64")',
      { ...BALANCED, loadBalancerSourceRanges: ['2001:DB8::/64'] },
    ],
  ])('is taken with a warning: %s', async (warning, spec) => {
    const { message, warnings } = await answerTo(spec);
    expect(message).toBeUndefined();
    expect(warnings).toContain(warning);
  });

  it('with an empty selector is one without a selector', async () => {
    const { service } = await answerTo({ ...WEB, selector: {} });
    expect(service?.spec).not.toHaveProperty('selector');
  });

  it.each<[string | undefined, ServiceSpec, Readonly<Record<string, string>>]>([
    [undefined, BALANCED, { [SOURCE_RANGES]: ' 10.0.0.0/8 , 192.168.0.0/16 ' }],
    [undefined, { ...BALANCED, loadBalancerSourceRanges: [' 10.0.0.0/8 '] }, {}],
    [
      `metadata.annotations[${SOURCE_RANGES}]: Invalid value: "10.0.0.1/8": must not have bits set beyond the prefix length`,
      BALANCED,
      { [SOURCE_RANGES]: '10.0.0.1/8' },
    ],
    [
      `metadata.annotations[${SOURCE_RANGES}]: Forbidden: may only be used when \`type\` is 'LoadBalancer'`,
      WEB,
      { [SOURCE_RANGES]: '' },
    ],
  ])('has source ranges in a field or an annotation: %s', async (why, spec, annotations) => {
    const { message } = await answerTo(spec, annotations);
    expect(message).toBe(why === undefined ? undefined : `Service "a" is invalid: ${why}`);
  });

  it('is not created without a name, whatever else it lacks', async () => {
    const { registry } = await Services.open();
    const nameless = { kind: 'Service', apiVersion: 'v1', metadata: {} };
    await expect(registry.create(SERVICES, 'default', nameless)).rejects.toThrow(
      'Service "" is invalid: metadata.name: Required value: name or generateName is required',
    );
  });

  it('whose ExternalName ends keeps its ports, and gives all else that it had back', async () => {
    const services = await Services.open();
    await services.put('a', { ...BALANCED, externalTrafficPolicy: 'Local', loadBalancerClass: 'x/y' });
    const toName = (object: ApiObject) => ({
      ...object,
      spec: { ...objectSpec(object), type: 'ExternalName', externalName: 'a.b' },
    });
    const { stored } = await services.registry.change(SERVICES, 'default', 'a', toName);
    expect(objectOf('services', stored).spec).toEqual({
      ports: [{ protocol: 'TCP', port: 80, targetPort: 80 }],
      type: 'ExternalName',
      externalName: 'a.b',
      sessionAffinity: 'None',
    });
    expect(services.addresses().size).toBe(0);
  });
});

function objectSpec(object: ApiObject & { readonly spec?: object }): object {
  return object.spec ?? {};
}

describe('the status of a Service', () => {
  type Ingress = NonNullable<NonNullable<NonNullable<Service['status']>['loadBalancer']>['ingress']>[number];
  const withIngress = (ingress: Ingress, type = 'LoadBalancer'): Service => ({
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { name: 'a', namespace: 'default' },
    spec: { ...WEB, type },
    status: { loadBalancer: { ingress: [ingress] } },
  });

  it.each<[string[], Ingress]>([
    [[], { ip: '203.0.113.5', ipMode: 'Proxy' }],
    [[], { hostname: 'lb.example.com' }],
    [['ipMode: Required value: must be specified when `ip` is set'], { ip: '203.0.113.5' }],
    [['ipMode: Forbidden: may not be specified when `ip` is not set'], { hostname: 'a.b', ipMode: 'VIP' }],
    [
      ['ipMode: Unsupported value: "x": supported values: "Proxy", "VIP"'],
      { ip: '203.0.113.5', ipMode: 'x' },
    ],
    [
      ['ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
      { ip: 'x', ipMode: 'VIP' },
    ],
    [
      ['hostname: Invalid value: "203.0.113.5": must be a DNS name, not an IP address'],
      { hostname: '203.0.113.5' },
    ],
  ])('has errors %j', (errors, ingress) => {
    const service = withIngress(ingress);
    const told = serviceStatusErrors(service, withIngress({})).map(
      (error) => `${error.field.replace('status.loadBalancer.ingress[0].', '')}: ${formatErrorBody(error)}`,
    );
    expect(told).toEqual(errors);
  });

  it('has ingress for a LoadBalancer only, and keeps what was there before', () => {
    expect(serviceStatusErrors(withIngress({ hostname: 'a.b' }, 'NodePort'), withIngress({}))).toMatchObject([
      { type: 'Forbidden', field: 'status.loadBalancer.ingress' },
    ]);
    const old = withIngress({ ip: '203.0.113.005', ipMode: 'VIP' });
    expect(serviceStatusErrors(old, old)).toEqual([]);
    expect(serviceStatusErrors(old, withIngress({}))).toHaveLength(1);
  });

  it('is written by itself, with the mode that is meant where none is given', async () => {
    const services = await Services.open();
    await services.put('a', { ...BALANCED, externalIPs: ['203.0.113.9'] });
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.5' }] } };
    const { stored, warnings } = await services.registry.change(
      SERVICES,
      'default',
      'a',
      (object) => ({ ...object, spec: {}, status }),
      { subresource: 'status' },
    );
    const service = objectOf('services', stored);
    expect(service.status).toEqual({ loadBalancer: { ingress: [{ ip: '203.0.113.5', ipMode: 'VIP' }] } });
    expect(service.spec?.externalIPs).toEqual(['203.0.113.9']);
    expect(warnings).toEqual([]);
  });
});
