/** `menwei run` and the conntrack entries it finds, of UDP and of SCTP, which needs no SCTP in this kernel. */

import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { TransportProtocol } from '@menwei/netlink';
import { type ConntrackAddress, type ConntrackEntry, ConntrackTable } from '@menwei/netlink/conntrack';
import { createConntrackEntries } from '@menwei/netlink/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();
const flags = ['--manifests', folder.path, '--hostname-override', NODE, '--iptables-min-sync-period', '0s'];
const VIP: ConntrackAddress = { ip: '172.30.0.1', port: 53 };
const PROTOCOLS: readonly TransportProtocol[] = ['UDP', 'SCTP'];

afterEach(async () => {
  expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
});

/** Service `default/dns` on port 53 of two protocols, or none. */
function publish(pods: readonly string[] | undefined): void {
  const ports = PROTOCOLS.map((protocol) => ({ name: protocol.toLowerCase(), protocol, port: VIP.port }));
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'dns', namespace: 'default' },
    spec: { clusterIP: VIP.ip, ports },
  };
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'dns-1', namespace: 'default', labels: { 'kubernetes.io/service-name': 'dns' } },
    addressType: 'IPv4',
    ports: ports.map((port) => ({ ...port, port: 5353 })),
    endpoints: pods?.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
  };
  const items = pods === undefined ? [] : [service, slice];
  folder.write('dns.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
}

/** One entry of each protocol to the Service, answered by a pod or, without one, by nobody. */
function entriesTo(pod: string | undefined): readonly ConntrackEntry[] {
  const replySource = pod === undefined ? VIP : { ip: pod, port: 5353 };
  return PROTOCOLS.map((protocol) => ({ protocol, destination: VIP, replySource }));
}

async function answeredBy(): Promise<readonly string[]> {
  const entries = await new ConntrackTable('IPv4').observe(AbortSignal.timeout(10_000));
  return entries
    .filter(({ destination }) => destination.ip === VIP.ip)
    .map(({ protocol, replySource }) => `${protocol} ${formatHostPort(replySource.ip, replySource.port)}`)
    .sort();
}

let sourcePort = 1_000;
beforeEach(async () => {
  const entries = [
    ...entriesTo(undefined),
    ...entriesTo('10.0.0.1'),
    ...entriesTo('10.0.0.2'),
    ...entriesTo('10.0.0.3'),
  ];
  await createConntrackEntries(
    'IPv4',
    entries.map((entry) => ({ ...entry, source: { ip: '10.9.0.1', port: ++sourcePort } })),
  );
});

async function programmed(): Promise<void> {
  await expect
    .poll(() => observeStatus().catch(() => []), { timeout: 20_000 })
    .toEqual(['default/dns:sctp/SCTP IPv4 programmed', 'default/dns:udp/UDP IPv4 programmed']);
}

describe('menwei run', () => {
  it('deletes what is stale when it starts and after each change, and counts', async () => {
    publish(['10.0.0.1', '10.0.0.2']);
    await using run = RunProcess.start(flags);
    await expect
      .poll(answeredBy, { timeout: 20_000 })
      .toEqual(['SCTP 10.0.0.1:5353', 'SCTP 10.0.0.2:5353', 'UDP 10.0.0.1:5353', 'UDP 10.0.0.2:5353']);
    publish(['10.0.0.2']);
    await expect.poll(answeredBy, { timeout: 20_000 }).toEqual(['SCTP 10.0.0.2:5353', 'UDP 10.0.0.2:5353']);
    publish(undefined);
    await expect.poll(answeredBy, { timeout: 20_000 }).toEqual([]);
    const counted = 'kubeproxy_conntrack_reconciler_deleted_entries_total{ip_family="IPv4"} 8';
    const metrics = async () => (await fetch('http://127.0.0.1:10249/metrics')).text();
    await expect.poll(metrics).toContain(counted);
    expect(run.log('E')).toEqual([]);
    expect(run.log('I').filter((line) => line.startsWith('deleted stale conntrack entries'))).toEqual([
      expect.stringContaining('entries=4'),
      expect.stringContaining('entries=2'),
      expect.stringContaining('entries=2'),
    ]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it('deletes nothing in a dry run', async () => {
    publish(['10.0.0.1']);
    const before = await answeredBy();
    await using run = RunProcess.start([...flags, '--dry-run']);
    await programmed();
    expect((await run.end('SIGTERM')).status).toBe(0);
    expect(await answeredBy()).toEqual(before);
  });
});
