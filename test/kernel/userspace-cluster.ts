/** What the tests of userspace mode share: its cluster, and pods that are not as they should be. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { afterAll, beforeAll, expect } from 'vitest';
import { Cluster, type ClusterOptions } from './behaviour/cluster.ts';
import { ALL_MODES, type Mode } from './behaviour/modes.ts';
import { POD_PORT } from './behaviour/offer.ts';
import { eventually } from './behaviour/suite.ts';

const PEER = new URL('./userspace-peer.ts', import.meta.url).pathname;

export function modeNamed(name: string): Mode {
  const mode = ALL_MODES.find((each) => each.name === name);
  if (mode === undefined) throw new Error(`BUG: there is no mode ${name}`);
  return mode;
}

/** A cluster for the tests of the file or of the `describe` that it is called in. */
export function useCluster(mode: Mode, options: ClusterOptions = {}): Cluster {
  const cluster = new Cluster(mode, options);
  beforeAll(() => cluster.start());
  afterAll(() => cluster.stop());
  return cluster;
}

/** A pod of node two that nobody listens in; `number` tells it from others. */
export async function addClosedPod(cluster: Cluster, name: string, number: number): Promise<void> {
  const [ip, ip6] = [`10.244.1.${number}`, `fd00:10:244:1::${number}`];
  await cluster.lab.addPod({ name, node: 'two', ip, ip6, ports: [] });
}

/** A pod that serves and never gets to hear of a TCP connection. */
export async function addSilentPod(cluster: Cluster, name: string, number: number): Promise<void> {
  const [ip, ip6] = [`10.244.1.${number}`, `fd00:10:244:1::${number}`];
  const pod = await cluster.lab.addPod({ name, node: 'two', ip, ip6, ports: [POD_PORT] });
  for (const tool of ['iptables', 'ip6tables']) {
    const rule = ['-A', 'INPUT', '-p', 'tcp', '--dport', String(POD_PORT), '-j', 'DROP'];
    expect(await pod.exec(tool, ['-w', ...rule])).toMatchObject({ status: 0 });
  }
}

/** Starts a program of userspace-peer.ts in a host. */
export function startPeer(
  cluster: Cluster,
  host: string,
  role: string,
  ...args: readonly string[]
): HostProcess {
  return cluster.host(host).spawn(process.execPath, [PEER, role, ...args]);
}

/** Starts a server of userspace-peer.ts in a pod, and resolves when it listens. */
export async function servePeer(
  cluster: Cluster,
  pod: string,
  family: IpFamily,
  role: string,
): Promise<HostProcess> {
  const server = startPeer(cluster, pod, role, cluster.addressOf(pod, family), String(POD_PORT));
  await eventually(() => server.output()).toContain('listening');
  return server;
}

/** Runs a client of userspace-peer.ts to its end, and returns what it prints. */
export async function askPeer(
  cluster: Cluster,
  host: string,
  role: string,
  target: string,
  ...numbers: readonly number[]
): Promise<string> {
  const client = startPeer(cluster, host, role, ...splitTarget(target), ...numbers.map(String));
  await client.exited;
  return client.output().trim();
}

/** `[fd00::1]:80` as address and port. */
export function splitTarget(target: string): readonly [address: string, port: string] {
  const [, address = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(target) ?? [];
  return [address, port];
}
