import { aNode } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { describeUnreachable } from './unreachable.ts';

const NODES = [1, 2].map((number) =>
  aNode({ name: `n${number}`, addresses: [`10.0.0.${number}`], podCIDRs: [`10.244.${number}.0/24`] }),
);

function server(ip: string, trouble = '', service = 'ns/web') {
  return { service, ip, port: 80, trouble, isReached: trouble === '' || trouble.startsWith('Layer7') };
}

describe('what a load balancer does not reach', () => {
  it('is nothing while all is well', () => {
    expect(describeUnreachable('haproxy', [server('10.0.0.1')], NODES)).toEqual([]);
  });

  it('is a node, where nothing on it answers', () => {
    const health = [
      server('10.244.1.5'),
      server('10.244.2.5', 'Layer4 timeout'),
      server('10.244.2.6', 'Layer4 timeout'),
    ];
    expect(describeUnreachable('haproxy', health, NODES)).toEqual([
      'haproxy reaches nothing on node n2 (10.244.2.5 port 80: Layer4 timeout, and 1 more): is there a route to its pods (10.244.2.0/24)?',
    ]);
    expect(describeUnreachable('haproxy', [server('10.0.0.1', 'no')], NODES)).toEqual([
      'haproxy reaches nothing on node n1 (10.0.0.1 port 80: no)',
    ]);
  });

  it('is no node that says that it has no pod', () => {
    const health = [server('10.0.0.1', 'Layer7 wrong status'), server('10.0.0.2')];
    expect(describeUnreachable('haproxy', health, NODES)).toEqual([]);
  });

  it('is a Service, where others on the same nodes answer', () => {
    const health = [server('10.244.1.5', '', 'ns/other'), server('10.244.1.6', 'Layer7 wrong status')];
    expect(describeUnreachable('haproxy', health, NODES)).toEqual([
      'no server of Service ns/web is well by the checks of haproxy (10.244.1.6 port 80: Layer7 wrong status)',
    ]);
    expect(describeUnreachable('haproxy', [...health, server('10.244.1.7')], NODES)).toEqual([]);
  });
});
