import { expect, it } from 'vitest';
import type { ServerContent } from './state.ts';
import { trafficOfPorts } from './traffic.ts';

function server(port: number, servicePort: string): readonly [string, ServerContent] {
  const frontend = { family: 'IPv4', protocol: 'TCP', ip: '172.30.0.1', port } as const;
  return [
    `TCP 172.30.0.1:${port}`,
    {
      server: { frontend, scheduler: 'rr', flags: 0, timeoutSeconds: 0 },
      ...{ destinations: new Map(), lingering: new Set(), servicePort },
    },
  ];
}

it('adds up what went through the virtual servers of a service port, and leaves out those of others', () => {
  const counters = { connections: 2n, packetsIn: 9n, packetsOut: 9n, bytesIn: 300n, bytesOut: 5000n };
  const counted = new Map([80, 30_080, 443, 9].map((port) => [`TCP 172.30.0.1:${port}`, counters] as const));
  const servers = new Map([
    server(80, 'ns/a'),
    server(30_080, 'ns/a'),
    server(443, 'ns/b'),
    server(53, 'ns/c'),
  ]);
  expect(trafficOfPorts(servers, counted)).toEqual(
    new Map([
      ['ns/a', { connections: 4, received: 600, sent: 10_000 }],
      ['ns/b', { connections: 2, received: 300, sent: 5000 }],
    ]),
  );
});
