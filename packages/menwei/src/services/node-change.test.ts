import { aNodeView, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { compareNodes } from './node-change.ts';
import type { NodeView } from './node-view.ts';

const PORTS = {
  plain: aServicePort({ clusterIP: '172.30.0.1' }),
  nodePort: aServicePort({ nodePort: 30_080 }),
  external: aServicePort({ externalIPs: ['192.0.2.7'] }),
  balanced: aServicePort({ loadBalancerVIPs: ['192.0.2.8'] }),
};

/** The names of those that are to be compiled anew. */
function concerned(before: Partial<NodeView>, after: Partial<NodeView>): string {
  const change = compareNodes(aNodeView(before), aNodeView(after));
  if (typeof change === 'string') return change;
  return Object.entries(PORTS)
    .filter(([, port]) => change(port))
    .map(([name]) => name)
    .join(' ');
}

describe('a change of the node', () => {
  it.each<[string, Partial<NodeView>, Partial<NodeView>, string]>([
    ['that is none', { localAddresses: ['192.0.2.1'] }, { localAddresses: ['192.0.2.1'] }, 'none'],
    ['of the zone', { zone: 'a' }, { zone: 'b' }, 'all'],
    ['of its address', { ip: '192.0.2.1' }, { ip: '192.0.2.2' }, 'all'],
    ['of the zone and an address', { zone: 'a' }, { zone: 'b', localAddresses: ['192.0.2.1'] }, 'all'],
    ['of what no service port sees', {}, { largeCluster: true, serviceCIDRs: ['172.30.0.0/16'] }, 'none'],
    [
      'of the addresses that take NodePorts',
      { nodePortAddresses: [] },
      { nodePortAddresses: ['192.0.2.1'] },
      'nodePort',
    ],
    ['to all addresses', { nodePortAddresses: [] }, { nodePortAddresses: 'all' }, 'nodePort'],
    ['of its addresses, which all take NodePorts', {}, { localAddresses: ['192.0.2.1'] }, 'nodePort'],
    [
      'of addresses that take no NodePorts',
      { nodePortAddresses: ['192.0.2.1'], localAddresses: ['192.0.2.1'] },
      { nodePortAddresses: ['192.0.2.1'], localAddresses: ['192.0.2.1', '192.0.2.9'] },
      '',
    ],
    [
      'of an address that a Service has',
      { nodePortAddresses: [], localAddresses: ['192.0.2.7', '192.0.2.1'] },
      { nodePortAddresses: [], localAddresses: ['192.0.2.8', '192.0.2.1'] },
      'external balanced',
    ],
  ])('%s', (_, before, after, expected) => {
    expect(concerned(before, after)).toBe(expected);
  });
});
