import { expect, it } from 'vitest';
import { UpstreamSocket } from './udp-socket.ts';

it('fails what is asked where the kernel will not have the upstream', async () => {
  // Nobody may send there without saying so before: as good as no route.
  const socket = new UpstreamSocket({ ip: '255.255.255.255', port: 53 });
  const question = { name: 'example.org', type: 1, class: 1 };
  expect(await socket.ask({ question, dnssec: false, edns: true }, 1_000)).toEqual({
    failed: expect.stringContaining('EACCES'),
  });
  socket.close();
});
