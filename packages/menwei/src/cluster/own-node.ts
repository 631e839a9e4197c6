/** The Node of this machine, for the proxy in this process. */
import { hostname, release } from 'node:os';
import { IP_FAMILIES, isLoopback } from '@menwei/addresses/ip.ts';
import { UserError } from '../setup/failure.ts';
import { BUILD } from '../setup/version.ts';
import { advertisedFor } from './cluster-addresses.ts';
import { resourceOf } from './kinds/resources.ts';
import type { StoredKinds } from './kinds/stored-kinds.ts';
import type { Registry } from './registry/registry.ts';
import { StatusError } from './schema/status-error.ts';
import { formatTime } from './schema/time.ts';

type Node = StoredKinds['nodes'];

const NODES = resourceOf('', 'nodes');

/**
 * Makes it, or tells what is so now of the one that is there.
 *
 * @param listenIp of the API server, canonical
 * @throws UserError when it is refused: a host may have a name that no object can have
 */
export async function registerNode(
  registry: Registry,
  name: string,
  listenIp: string,
  nowMs: number,
): Promise<void> {
  try {
    await makeNode(registry, name, listenIp, nowMs);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    throw new UserError(`the Node of this machine can't be written: ${error.message} (--hostname-override)`);
  }
}

async function makeNode(registry: Registry, name: string, listenIp: string, nowMs: number): Promise<void> {
  const host = isLoopback(listenIp) ? '0.0.0.0' : listenIp;
  const addresses = new Set(IP_FAMILIES.flatMap((family) => advertisedFor(host, family) ?? []));
  const labels = {
    'kubernetes.io/arch': BUILD.platform.replace(/^.*\//, ''),
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
  const node: Node = { kind: 'Node', apiVersion: 'v1', metadata: { name, labels } };
  try {
    await registry.create(NODES, '', node);
  } catch (error) {
    if (!(error instanceof StatusError) || error.refusal.reason !== 'AlreadyExists') throw error;
  }
  const change = (current: Node): Node => ({ ...current, status: statusOf(current, [...addresses], nowMs) });
  await registry.change(NODES, '', name, change, { subresource: 'status' });
}

function statusOf({ status = {} }: Node, addresses: readonly string[], nowMs: number) {
  const others = (status.conditions ?? []).filter(({ type }) => type !== 'Ready');
  const before = status.conditions?.find(({ type }) => type === 'Ready');
  const now = formatTime(nowMs);
  const lastTransitionTime = before?.status === 'True' ? (before.lastTransitionTime ?? now) : now;
  return {
    ...status,
    conditions: [
      ...others,
      {
        type: 'Ready',
        status: 'True',
        lastHeartbeatTime: now,
        lastTransitionTime,
        reason: 'ClusterReady',
        message: 'the cluster runs on this machine',
      },
    ],
    addresses: [
      ...addresses.map((address) => ({ type: 'InternalIP', address })),
      { type: 'Hostname', address: hostname() },
    ],
    nodeInfo: {
      architecture: BUILD.platform.replace(/^.*\//, ''),
      kernelVersion: release(),
      kubeletVersion: BUILD.version,
      operatingSystem: 'linux',
    },
  };
}
