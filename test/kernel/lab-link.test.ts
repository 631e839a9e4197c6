/** The wire of a lab is one segment, and the cable of each node can be cut. */
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';

let lab: Lab;

beforeAll(async () => {
  lab = await createLab({
    nodes: [
      { name: 'node-a', ip: '192.0.2.11', podCIDR: '10.244.1.0/24' },
      { name: 'node-b', ip: '192.0.2.12', podCIDR: '10.244.2.0/24' },
    ],
    client: { ip: '192.0.2.100' },
  });
});
afterAll(() => lab.close());

function node() {
  return lab.node('node-a');
}

/** What the node itself sees. */
function flags(): Promise<string> {
  return node()
    .exec('ip', ['-o', 'link', 'show', 'eth0'])
    .then(({ stdout }) => /<(.*)>/.exec(stdout)?.[1] ?? '');
}

/** By ARP, from the client and from the other node. */
async function isReached(): Promise<readonly boolean[]> {
  const from = [lab.client, lab.node('node-b')];
  const argv = ['-q', '-c', '1', '-w', '0.3', '-i', 'eth0', '192.0.2.11'];
  return await Promise.all(from.map((host) => host.exec('arping', argv).then(({ status }) => status === 0)));
}

it('answers ARP to all, and to nobody while its cable is cut, seen by the node or not', async () => {
  expect(await isReached()).toEqual([true, true]);

  await node().link.down();
  expect(await isReached()).toEqual([false, false]);
  expect(await flags()).toMatch(/NO-CARRIER/);

  await node().link.up();
  expect(await isReached()).toEqual([true, true]);

  await node().link.isolate();
  expect(await isReached()).toEqual([false, false]);
  expect(await flags()).toMatch(/LOWER_UP/);

  await node().link.up();
  expect(await isReached()).toEqual([true, true]);
});
