import { describe, expect, it } from 'vitest';
import type { AddressPool } from '../kubernetes/load-balancer-objects.ts';
import { ObjectTables } from './object-tables.ts';

function pool(fields: Partial<AddressPool> = {}): AddressPool {
  return {
    kind: 'IPAddressPool',
    namespace: 'ns',
    name: 'p',
    createdAtMs: 0,
    labels: new Map(),
    ranges: [],
    autoAssign: true,
    allowExplicit: true,
    avoidBuggyIPs: false,
    avoidEnds: false,
    serviceAllocation: undefined,
    ...fields,
  };
}

const OF_METALLB = 'IPAddressPool ns/p of metallb.io has the same name, and that one is used';

describe('pools of one name', () => {
  it.each([[['metallb.io', 'menwei.dev'] as const], [['menwei.dev', 'metallb.io'] as const]])(
    'from two API groups: the same one counts, whichever came first (%j)',
    (origins) => {
      const objects = new ObjectTables('');
      const pools = { 'metallb.io': pool({ createdAtMs: 1 }), 'menwei.dev': pool({ createdAtMs: 2 }) };
      const told = origins.flatMap((origin) => objects.put(pools[origin], origin));
      expect(told).toEqual([
        { loser: { kind: 'IPAddressPool', namespace: 'ns', name: 'p' }, reason: OF_METALLB },
      ]);
      expect([...objects.addressPools.rows]).toEqual([['IPAddressPool/p', pools['metallb.io']]]);
      expect(objects.reasonAgainst(pool(), 'menwei.dev')).toBe(OF_METALLB);
      expect(objects.reasonAgainst(pool(), 'metallb.io')).toBeUndefined();
    },
  );

  it('are one if both groups show the same object, whichever of the two is newer', () => {
    const objects = new ObjectTables('');
    expect(objects.put(pool({ uid: 'u', autoAssign: false }), 'menwei.dev')).toEqual([]);
    expect(objects.put(pool({ uid: 'u' }), 'metallb.io')).toEqual([]);
    expect(objects.reasonAgainst(pool(), 'menwei.dev')).toBeUndefined();
    objects.delete(pool(), 'metallb.io');
    objects.delete(pool(), 'menwei.dev');
    expect(objects.addressPools.rows.size).toBe(0);
  });

  it('from two namespaces', () => {
    const objects = new ObjectTables('');
    objects.put(pool({ namespace: 'b' }), 'metallb.io');
    const [rivalry] = objects.put(pool({ namespace: 'a' }), 'metallb.io');
    expect(rivalry?.loser.namespace).toBe('b');
    expect(objects.addressPools.get('IPAddressPool/p')?.namespace).toBe('a');
  });

  it('are there as long as one of them is', () => {
    const objects = new ObjectTables('');
    const reader = objects.addressPools.reader();
    objects.put(pool({ createdAtMs: 1 }), 'metallb.io');
    objects.put(pool({ createdAtMs: 2 }), 'lb-config');
    objects.putStale(pool(), OF_METALLB, 0, 'lb-config');
    reader.take();
    objects.delete(pool(), 'metallb.io');
    expect(reader.take().map(({ after }) => after?.createdAtMs)).toEqual([2]);
    expect(objects.stale.rows.size).toBe(0);
    objects.delete(pool(), 'metallb.io');
    expect(objects.addressPools.rows.size).toBe(1);
    objects.delete(pool(), 'lb-config');
    expect(objects.addressPools.rows.size).toBe(0);
  });

  it('of another kind are others', () => {
    const objects = new ObjectTables('');
    objects.put(pool(), 'metallb.io');
    expect(objects.put(pool({ kind: 'CiliumLoadBalancerIPPool', namespace: '' }), 'cilium.io')).toEqual([]);
    expect([...objects.keysOf('IPAddressPool', 'metallb.io')]).toEqual(['ns/p']);
    expect([...objects.keysOf('CiliumLoadBalancerIPPool', 'cilium.io')]).toEqual(['/p']);
    expect([...objects.keysOf('IPAddressPool', 'menwei.dev')]).toEqual([]);
  });
});
