/** The lab's own socket code for SCTP, on TCP everywhere, and on SCTP where the kernel has it. */

import { hasSctp } from '@menwei/kernel/features.ts';
import { createLab } from '@menwei/lab/lab.ts';
import { IPPROTO_SCTP, requestStream, serveStream } from '@menwei/lab/sctp.ts';
import { describe, expect, it } from 'vitest';

const IPPROTO_TCP = 6;
const IDENTITY = { pod: 'a', node: 'one' };

describe.each([
  ['TCP', IPPROTO_TCP],
  ['SCTP', IPPROTO_SCTP],
])('streams over %s', (name, protocol) => {
  it.skipIf(name === 'SCTP' && !hasSctp()).each(['127.0.0.1', '::1'])('answer on %s', async (address) => {
    const server = serveStream(IDENTITY, { ip: '::', port: 7_000 }, protocol);
    for (const round of [1, 2]) {
      const options = { sourcePort: 7_000 + round };
      expect(await requestStream({ address, port: 7_000 }, options, protocol)).toEqual({
        ...IDENTITY,
        client: address,
        clientPort: 7_000 + round,
        status: 200,
      });
    }
    await server.close();
    expect(await requestStream({ address, port: 7_000 }, {}, protocol)).toMatchObject({ error: 'refused' });
    expect(await requestStream({ address: '198.51.100.1', port: 7_000 }, {}, protocol)).toMatchObject({
      error: 'unreachable',
    });
  });
});

it.skipIf(!hasSctp())('pods answer over SCTP', async () => {
  await using lab = await createLab({
    nodes: [{ name: 'one', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' }],
    pods: [{ name: 'a', node: 'one', ip: '10.244.0.27' }],
  });
  expect(await lab.node('one').sctp('10.244.0.27:80')).toMatchObject({ pod: 'a', client: '192.168.49.2' });
  expect(await lab.node('one').requests(20, '10.244.0.27:80', { protocol: 'sctp' })).toMatchObject({
    byPod: { a: 20 },
  });
});

it.skipIf(!hasSctp())('an address that nobody has is unreachable over SCTP at once, every time', async () => {
  await using lab = await createLab({
    nodes: [{ name: 'one', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' }],
  });
  for (let time = 0; time < 4; time++) {
    // Less than the kernel waits before it tries again.
    const outcome = await lab.node('one').sctp('10.96.0.1:80', { timeoutMs: 2_500 });
    expect({ time, ...outcome }).toMatchObject({ time, error: 'unreachable' });
  }
});

it.skipIf(!hasSctp())('a node sends over SCTP from the address that its route prefers', async () => {
  await using lab = await createLab({
    nodes: [{ name: 'one', ip: '192.168.49.2', podCIDR: '10.244.0.0/24' }],
    pods: [{ name: 'a', node: 'one', ip: '10.244.0.27' }],
  });
  const node = lab.node('one');
  // As the ipvs mode has those of Services; SCTP would take the first of all addresses.
  const added = await node.exec('ip', ['address', 'add', '172.30.0.1/32', 'dev', 'lo']);
  expect(added.status).toBe(0);
  for (let time = 0; time < 4; time++) {
    expect(await node.sctp('10.244.0.27:80')).toMatchObject({ pod: 'a', client: '192.168.49.2' });
    expect(await node.sctp('10.96.0.1:80')).toMatchObject({ error: 'unreachable' });
  }
});
