/** Interfaces that stand on another one: VLANs, macvlans, parts of a VRF. Kernels of build machines have none of them. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AnnouncingNode } from './announcing-node.ts';
import { connect, Namespace } from './segment-namespaces.ts';

const VIP = '192.0.2.100';
const NODE_MAC = '02:00:00:00:00:01';

async function scene() {
  const [at, client] = [new Namespace(), new Namespace()];
  connect(
    { at, name: 'eth0', mac: NODE_MAC, linkLocal: 'fe80::1' },
    { at: client, name: 'eth0', mac: '02:00:00:00:00:aa', linkLocal: 'fe80::aa' },
  );
  client.ip('address', 'add', '192.0.2.2/24', 'dev', 'eth0');
  const node = await AnnouncingNode.open(at);
  onTestFinished(async () => {
    await node[Symbol.asyncDispose]();
    for (const namespace of [at, client]) namespace[Symbol.dispose]();
  });
  const isUsable = async (name: string) => {
    await vi.waitFor(() => {
      const found = node.speaker.interfaces.find((one) => one.name === name);
      expect(found).toMatchObject({ unusable: undefined });
    });
  };
  const answersTo = () => node.speaker.observe()[0]?.answers;
  return { at, client, node, isUsable, answersTo };
}

/** Asks once, on an interface of the client. */
async function ask(client: Namespace, name: string): Promise<string> {
  return (await client.start('arping', '-i', name, '-c', '1', '-w', '1', '-0', VIP)).output;
}

describe('a VLAN', () => {
  it('is a segment of its own', async () => {
    const { at, client, node, isUsable, answersTo } = await scene();
    for (const namespace of [at, client]) {
      namespace.ip('link', 'add', 'link', 'eth0', 'name', 'eth0.5', 'type', 'vlan', 'id', '5');
      namespace.ip('link', 'set', 'eth0.5', 'up');
    }
    await isUsable('eth0.5');
    node.announce('eth0', VIP);
    expect(await ask(client, 'eth0.5')).toContain('0 packets received');
    expect(answersTo()).toBe(0);
    expect(await ask(client, 'eth0')).toContain(NODE_MAC);
    node.announce('eth0.5', VIP);
    expect(await ask(client, 'eth0')).toContain('0 packets received');
    expect(answersTo()).toBe(0);
    expect(await ask(client, 'eth0.5')).toContain(NODE_MAC);
  });

  it('that is not set up here is nobody to answer to', async () => {
    const { client, node, isUsable, answersTo } = await scene();
    client.ip('link', 'add', 'link', 'eth0', 'name', 'eth0.7', 'type', 'vlan', 'id', '7');
    client.ip('link', 'set', 'eth0.7', 'up');
    await isUsable('eth0');
    node.announce('eth0', VIP);
    expect(await ask(client, 'eth0.7')).toContain('0 packets received');
    expect(answersTo()).toBe(0);
  });
});

it('a macvlan answers by itself', async () => {
  const { at, client, node, isUsable } = await scene();
  at.ip(
    'link',
    'add',
    'link',
    'eth0',
    'name',
    'mv0',
    'address',
    '02:00:00:00:00:33',
    'type',
    'macvlan',
    'mode',
    'bridge',
  );
  at.ip('link', 'set', 'mv0', 'up');
  await isUsable('mv0');
  node.announce('mv0', VIP);
  expect(await ask(client, 'eth0')).toContain('02:00:00:00:00:33');
});

it('a part of a VRF is spoken through', async () => {
  const { at, client, node, isUsable } = await scene();
  at.ip('link', 'add', 'vrf0', 'type', 'vrf', 'table', '10');
  at.ip('link', 'set', 'vrf0', 'up');
  at.ip('link', 'set', 'eth0', 'master', 'vrf0');
  await isUsable('eth0');
  node.announce('eth0', VIP);
  expect(await ask(client, 'eth0')).toContain(NODE_MAC);
});
