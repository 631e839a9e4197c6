import { describe, expect, it } from 'vitest';
import { rulesOfService } from './demo.ts';

describe('rulesOfService', () => {
  it('follows the jumps from the entries and shows each chain once', () => {
    const other = '-A KUBE-SERVICES -m comment --comment "default/other cluster IP" -j KUBE-SVC-OTHER';
    const rules = [
      '-A KUBE-SERVICES -m comment --comment "default/nginx-service cluster IP" -j KUBE-SVC-A',
      '-A KUBE-NODEPORTS -m comment --comment "default/nginx-service" -j KUBE-EXT-A',
      '-A KUBE-SVC-A -j KUBE-SEP-1',
      '-A KUBE-SEP-1 -j DNAT --to-destination 10.244.0.27:80',
      '-A KUBE-EXT-A -j KUBE-SVC-A',
      '-A KUBE-POSTROUTING -j MASQUERADE',
    ];
    const listed = [...rules]
      .reverse()
      .concat(other, '-A KUBE-SVC-OTHER -j KUBE-SEP-9', ':KUBE-SVC-A - [0:0]');
    expect(rulesOfService(listed)).toEqual(rules);
  });
});
