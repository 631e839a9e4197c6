import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';
import { openFixedRegistry } from '@menwei/testing/cluster/fixed-registry.ts';
import { beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { UserError } from '../setup/failure.ts';
import { ownNodeComponent, registerNode } from './own-node.ts';
import { internalError } from './schema/status-error.ts';
import { objectOf } from './store/stored-object.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  networkInterfaces: vi.fn(),
}));

function setMachine(...ips: readonly string[]): void {
  const addresses = ips.map((address) => ({ address }) as NetworkInterfaceInfo);
  const ofServices = [{ address: 'fd00:96::1' } as NetworkInterfaceInfo];
  vi.mocked(networkInterfaces).mockReturnValue({ 'kube-ipvs0': ofServices, eth0: addresses });
}

beforeEach(() => setMachine('127.0.0.1', 'fe80::1', '192.0.2.1', '192.0.2.2', '2001:db8::1', '2001:db8::2'));

async function openNode(listenIp: string, name = 'vm') {
  const { store, registry } = await openFixedRegistry();
  const internalIps = () => {
    const stored = store.get('nodes', '', name);
    const node = stored === undefined ? undefined : objectOf('nodes', stored);
    const found = node?.status?.addresses?.filter(({ type }) => type === 'InternalIP');
    return found?.map(({ address }) => address);
  };
  return { own: { registry, name, listenIp, nowMs: () => 0, logger: silentLogger }, internalIps };
}

it('a name that no Node can have is told in a line that says what to do', async () => {
  const { own } = await openNode('127.0.0.1', 'my_host');
  const failure = await registerNode(own).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  const line = /^[^\n]*Node "my_host" is invalid: .*--hostname-override/;
  expect(failure).toHaveProperty('message', expect.stringMatching(line));
});

it.each([
  ['127.0.0.1', ['192.0.2.1', '2001:db8::1']],
  ['192.0.2.2', ['192.0.2.2', '2001:db8::1']],
  ['2001:db8::2', ['2001:db8::2', '192.0.2.1']],
  ['::', ['192.0.2.1', '2001:db8::1']],
])('a machine whose API server listens on %s has addresses of each family', async (listenIp, ips) => {
  const { own, internalIps } = await openNode(listenIp);
  await registerNode(own);
  expect(internalIps()).toEqual(ips);
});

it('a machine that gets its address later has it in its Node, and keeps it when it loses all', async () => {
  setMachine('127.0.0.1');
  const { own, internalIps } = await openNode('127.0.0.1');
  await registerNode(own);
  expect(internalIps()).toEqual([]);
  const stop = new AbortController();
  const running = ownNodeComponent(own, true, 5).run(stop.signal, () => undefined);
  setMachine('127.0.0.1', '192.0.2.7');
  await vi.waitFor(() => expect(internalIps()).toEqual(['192.0.2.7']));
  setMachine('127.0.0.1');
  await new Promise((resolve) => setTimeout(resolve, 30));
  stop.abort();
  await running;
  expect(internalIps()).toEqual(['192.0.2.7']);
});

it('a Node that can’t be written is written when it can be', async () => {
  const { own, internalIps } = await openNode('127.0.0.1');
  const create = vi.spyOn(own.registry, 'create').mockRejectedValue(internalError('no space left on device'));
  expect(await registerNode(own)).toBe(false);
  const stop = new AbortController();
  const running = ownNodeComponent(own, false, 5).run(stop.signal, () => undefined);
  create.mockRestore();
  await vi.waitFor(() => expect(internalIps()).toEqual(['192.0.2.1', '2001:db8::1']));
  stop.abort();
  await running;
});
