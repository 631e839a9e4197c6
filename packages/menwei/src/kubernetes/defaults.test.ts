import { describe, expect, it } from 'vitest';
import { withDefaults } from './defaults.ts';

const metadata = { name: 'web' };

describe('defaults of a Service', () => {
  it('are those of the API server', () => {
    const value = {
      metadata,
      spec: { clusterIP: '172.30.0.41', sessionAffinity: 'ClientIP', ports: [{ port: 80 }] },
    };
    expect(withDefaults('Service', value)).toEqual({
      metadata: { name: 'web', namespace: 'default' },
      spec: {
        type: 'ClusterIP',
        clusterIP: '172.30.0.41',
        clusterIPs: ['172.30.0.41'],
        ipFamilies: ['IPv4'],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } },
        internalTrafficPolicy: 'Cluster',
        externalTrafficPolicy: 'Cluster',
        ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
      },
    });
  });

  it.each([
    [
      { clusterIPs: ['fd00::1', '172.30.0.1'] },
      { clusterIP: 'fd00::1', clusterIPs: ['fd00::1', '172.30.0.1'], ipFamilies: ['IPv6', 'IPv4'] },
    ],
    [
      { clusterIP: '172.30.0.1', clusterIPs: [] },
      { clusterIP: '172.30.0.1', clusterIPs: ['172.30.0.1'], ipFamilies: ['IPv4'] },
    ],
    [{ clusterIP: 'None' }, { clusterIP: 'None', clusterIPs: ['None'] }],
    [
      { clusterIP: '172.30.0.1', ipFamilies: ['IPv6'] },
      { clusterIPs: ['172.30.0.1'], ipFamilies: ['IPv6'] },
    ],
    [{ clusterIP: 'x' }, { clusterIP: 'x', clusterIPs: ['x'] }],
    [
      { type: 'NodePort', internalTrafficPolicy: 'Local', clusterIP: null },
      { type: 'NodePort', internalTrafficPolicy: 'Local', clusterIP: null },
    ],
    [
      { ports: [{ port: 53, protocol: 'UDP', targetPort: 'dns' }, 7] },
      { ports: [{ port: 53, protocol: 'UDP', targetPort: 'dns' }, 7] },
    ],
    [
      { ports: 'x', clusterIPs: 'x' },
      { ports: 'x', clusterIPs: 'x' },
    ],
  ])('%j', (spec, expected) => {
    expect(withDefaults('Service', { metadata, spec })).toMatchObject({ spec: expected });
  });

  it('leave an ExternalName without addresses', () => {
    const value = withDefaults('Service', {
      metadata,
      spec: { type: 'ExternalName', externalName: 'example.com' },
    });
    expect(value).toMatchObject({ spec: { type: 'ExternalName' } });
    expect(value).not.toHaveProperty('spec.clusterIPs');
    expect(value).not.toHaveProperty('spec.ipFamilies');
  });

  it('leave the given value as it is', () => {
    const value = Object.freeze({
      metadata: Object.freeze({ ...metadata }),
      spec: Object.freeze({ clusterIP: '172.30.0.1' }),
    });
    expect(withDefaults('Service', value)).not.toBe(value);
    expect(value).toEqual({ metadata, spec: { clusterIP: '172.30.0.1' } });
  });
});

describe('defaults of an EndpointSlice', () => {
  it.each([
    [{ endpoints: [{ addresses: ['10.0.0.1'] }] }, { addressType: 'IPv4' }],
    [{ endpoints: [{ addresses: ['fd00::1'] }] }, { addressType: 'IPv6' }],
    [{ addressType: 'FQDN' }, { addressType: 'FQDN' }],
    [{}, { addressType: 'IPv4', metadata: { namespace: 'default' } }],
    [
      { ports: [{ port: 80 }, { name: 'b', protocol: 'UDP' }] },
      {
        ports: [
          { name: '', protocol: 'TCP', port: 80 },
          { name: 'b', protocol: 'UDP' },
        ],
      },
    ],
  ])('%j', (value, expected) => {
    expect(withDefaults('EndpointSlice', { metadata, ...value })).toMatchObject(expected);
  });
});

describe('what is no object', () => {
  it.each([['Service'], ['EndpointSlice'], ['Node']] as const)('stays what it is as a %s', (kind) => {
    for (const value of [null, 7, 'x', [1]]) expect(withDefaults(kind, value)).toBe(value);
  });
});
