/** What the speaker makes of interfaces, and of what becomes of them, in the kernel. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { AnnouncingNode } from './announcing-node.ts';
import { connect, Namespace } from './segment-namespaces.ts';

const VIP4 = '192.0.2.100';
const VIP6 = '2001:db8::100';

function namespace(): Namespace {
  const made = new Namespace();
  onTestFinished(() => made[Symbol.dispose]());
  return made;
}

/** A node whose eth0 leads to a client. */
async function scene(linkLocal?: string) {
  const [at, client] = [namespace(), namespace()];
  connect(
    { at, name: 'eth0', mac: '02:00:00:00:00:01', ...(linkLocal !== undefined && { linkLocal }) },
    { at: client, name: 'eth0', mac: '02:00:00:00:00:aa', linkLocal: 'fe80::aa' },
  );
  client.ip('address', 'add', '192.0.2.2/24', 'dev', 'eth0');
  const node = await AnnouncingNode.open(at);
  onTestFinished(() => node[Symbol.asyncDispose]());
  const find = (name: string) => node.speaker.interfaces.find((one) => one.name === name);
  const stateOf = (ip: string) => node.speaker.observe().find(({ address }) => address === ip);
  return { at, client, node, find, stateOf };
}

describe('an interface', () => {
  it('speaks for IPv6 as soon as the kernel has made sure of its link-local address', async () => {
    const { node, stateOf } = await scene();
    node.announce('eth0', VIP4, VIP6);
    expect(stateOf(VIP4)).toMatchObject({ isAnswering: true });
    expect(stateOf(VIP6)).toMatchObject({
      isAnswering: false,
      reason: expect.stringContaining('link-local'),
    });
    await vi.waitFor(() => expect(stateOf(VIP6)).toMatchObject({ isAnswering: true, reason: undefined }));
    expect(stateOf(VIP6)?.gratuitous).toBeGreaterThan(0);
  });

  it('that is a port of a bridge is not spoken through, but the bridge is', async () => {
    const { at, client, node, find, stateOf } = await scene('fe80::1');
    node.announce('eth0', VIP4);
    at.ip('link', 'add', 'br0', 'type', 'bridge', 'forward_delay', '0');
    at.ip('link', 'set', 'br0', 'up');
    at.ip('link', 'set', 'eth0', 'master', 'br0');
    await vi.waitFor(() => expect(find('eth0')?.unusable).toBe('it is a port of bridge br0'));
    expect(stateOf(VIP4)).toMatchObject({ isAnswering: false, reason: 'it is a port of bridge br0' });
    await vi.waitFor(() => expect(find('br0')?.unusable).toBeUndefined());
    node.announce('br0', VIP4);
    const { output } = await client.start('arping', '-i', 'eth0', '-c', '1', '-w', '2', VIP4);
    expect(output).toContain(`from ${find('br0')?.mac} (${VIP4})`);
    at.ip('link', 'set', 'eth0', 'nomaster');
    await vi.waitFor(() => expect(find('eth0')?.unusable).toBeUndefined());
    await vi.waitFor(() => expect(find('br0')?.unusable).toBe('it has no carrier'));
  });

  it('without ARP, and the loopback one, are not spoken through', async () => {
    const { at, find } = await scene('fe80::1');
    expect(find('lo')?.unusable).toBe('it is a loopback interface');
    at.ip('link', 'set', 'eth0', 'arp', 'off');
    await vi.waitFor(() => expect(find('eth0')?.unusable).toContain('NOARP'));
    at.ip('link', 'set', 'eth0', 'arp', 'on', 'down');
    await vi.waitFor(() => expect(find('eth0')?.unusable).toBe('it is down'));
  });

  it('has what is on-link there, but for what only it has itself', async () => {
    const { at, find } = await scene('fe80::1');
    at.ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
    at.ip('address', 'add', '198.51.100.7/32', 'dev', 'eth0');
    at.ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0', 'nodad');
    await vi.waitFor(() => expect(find('eth0')?.onLink).toEqual(['192.0.2.0/24', '2001:db8::/64']));
    at.ip('address', 'flush', 'dev', 'eth0');
    await vi.waitFor(() => expect(find('eth0')?.onLink).toEqual([]));
  });

  it('that loses its carrier is known to have lost it at once', async () => {
    const { client, node, find } = await scene('fe80::1');
    node.announce('eth0', VIP4);
    const lost = Promise.withResolvers<number>();
    using _listener = node.speaker.onInterfaces(() => {
      if (find('eth0')?.unusable === 'it has no carrier') lost.resolve(performance.now());
    });
    const startedMs = performance.now();
    client.ip('link', 'set', 'eth0', 'down');
    const tookMs = (await lost.promise) - startedMs;
    console.log(`the loss of the carrier was known after ${tookMs.toFixed(1)} ms, the command included`);
    expect(tookMs).toBeLessThan(5_000);
  });

  it('that is taken away and made again is spoken through again', async () => {
    const { at, client, node, find, stateOf } = await scene('fe80::1');
    node.announce('eth0', VIP4, VIP6);
    expect(stateOf(VIP6)?.isAnswering).toBe(true);
    at.ip('link', 'delete', 'eth0');
    await vi.waitFor(() => expect(find('eth0')).toBeUndefined());
    expect(stateOf(VIP4)?.reason).toBe('there is no interface eth0');
    connect(
      { at, name: 'eth0', mac: '02:00:00:00:00:05', linkLocal: 'fe80::5' },
      { at: client, name: 'eth0', mac: '02:00:00:00:00:aa', linkLocal: 'fe80::aa' },
    );
    await vi.waitFor(() =>
      expect([stateOf(VIP4)?.isAnswering, stateOf(VIP6)?.isAnswering]).toEqual([true, true]),
    );
    const { output } = await client.start('arping', '-i', 'eth0', '-0', '-c', '1', '-w', '2', VIP4);
    expect(output).toContain('02:00:00:00:00:05');
  });

  it('is told of a thousand addresses of IPv6', async () => {
    const { at, node } = await scene('fe80::1');
    // Room for some hundreds in one socket; since Linux 6.9 each namespace has a limit of its own.
    at.run('sysctl', '-w', 'net.core.optmem_max=16384');
    const ips = Array.from({ length: 1_000 }, (_, index) => `2001:db8::1:${(index + 1).toString(16)}`);
    node.announce('eth0', ...ips);
    expect(node.speaker.observe().filter(({ isAnswering }) => !isAnswering)).toEqual([]);
    const joined = () =>
      at.ip('maddress', 'show', 'dev', 'eth0').match(/ff02::1:ff01:[0-9a-f]+/g)?.length ?? 0;
    expect(joined()).toBe(1_000);
    node.announce('eth0', ...ips.slice(0, 10));
    expect(joined()).toBe(10);
    node.announce('eth0');
    expect(joined()).toBe(0);
  });

  it('of a namespace that ends is gone', async () => {
    const { at, node, find, client } = await scene('fe80::1');
    node.announce('eth0', VIP4);
    at.ip('link', 'set', 'eth0', 'netns', client.path, 'name', 'eth9');
    await vi.waitFor(() => expect(find('eth0')).toBeUndefined());
    expect(node.speaker.observe()).toMatchObject([
      { isAnswering: false, reason: 'there is no interface eth0' },
    ]);
  });
});
