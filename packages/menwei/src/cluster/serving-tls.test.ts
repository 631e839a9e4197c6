import { X509Certificate } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { type NetworkInterfaceInfo, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { parseClusterFlags } from './cluster-options.ts';
import { tlsLoader } from './serving-tls.ts';

vi.mock('node:os', async (original) => ({
  ...(await original<typeof import('node:os')>()),
  networkInterfaces: vi.fn(),
}));

function setMachine(...ips: readonly string[]): void {
  const addresses = ips.map((address) => ({ address }) as NetworkInterfaceInfo);
  vi.mocked(networkInterfaces).mockReturnValue({ eth0: addresses });
}

it('a server that listens on all addresses has a certificate for each, as they are now', async () => {
  setMachine('127.0.0.1', '192.0.2.1', '192.0.2.2');
  const data = await mkdtemp(join(tmpdir(), 'serving-tls-'));
  const parsed = parseClusterFlags({
    ...{ data, listen: '0.0.0.0:6443', serviceClusterIpRange: '10.96.0.0/16', store: 'memory', v: '0' },
    ...{ serviceNodePortRange: '30000-32767', storeSync: 'full' },
    ...{ maxEndpointsPerSlice: '100', legacyEndpoints: 'true' },
  });
  if ('errors' in parsed) throw new Error(parsed.errors.join());
  const load = tlsLoader(parsed.options);
  const isFor = async (ip: string) => {
    const cert = String((await load())?.server.cert);
    return new X509Certificate(cert).checkIP(ip) !== undefined;
  };
  expect(await isFor('192.0.2.1')).toBe(true);
  expect(await isFor('192.0.2.2')).toBe(true);
  expect(await isFor('192.0.2.3')).toBe(false);
  setMachine('127.0.0.1', '192.0.2.1', '192.0.2.3');
  expect(await isFor('192.0.2.3')).toBe(true);
  await rm(data, { recursive: true });
});
