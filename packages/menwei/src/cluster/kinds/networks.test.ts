import { Services } from '@menwei/testing/cluster/services.ts';
import { describe, expect, it } from 'vitest';
import { resourceOf } from './resources.ts';

describe('an update of the networks and addresses of Services', () => {
  const SERVICE_CIDRS = resourceOf('networking.k8s.io', 'servicecidrs');
  const IP_ADDRESSES = resourceOf('networking.k8s.io', 'ipaddresses');

  it.each([
    [['10.96.0.0/16'], 'spec.cidrs: Invalid value: ["10.96.0.0/16"]: field is immutable'],
    [['fd00:96::/112', '10.96.0.0/16'], 'spec.cidrs[0]: Invalid value: "fd00:96::/112": field is immutable'],
  ])('of a ServiceCIDR to %j is refused', async (cidrs, message) => {
    const { registry } = await Services.open();
    const change = registry.change(SERVICE_CIDRS, '', 'kubernetes', (current) => ({
      ...current,
      spec: { cidrs },
    }));
    await expect(change).rejects.toThrow(message);
  });

  it('of the parent of an IPAddress is refused, with the reference names of its fields', async () => {
    const services = await Services.open();
    await services.put('a', { clusterIP: '10.96.0.9', ports: [{ port: 80 }] });
    const change = services.registry.change(IP_ADDRESSES, '', '10.96.0.9', (current) => ({
      ...current,
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'b' } },
    }));
    await expect(change).rejects.toThrow(
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"b"}: field is immutable',
    );
  });
});
