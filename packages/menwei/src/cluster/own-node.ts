/** The Node of this machine, for the proxy in this process. */
import { hostname, release } from 'node:os';
import { familyOf, IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { Component } from '../agent/component.ts';
import type { Logger } from '../log/logger.ts';
import { UserError } from '../setup/failure.ts';
import { ARCHITECTURE, BUILD } from '../setup/version.ts';
import { advertisedFor, parseAdvertised } from './cluster-addresses.ts';
import { repeat } from './controllers/repeat.ts';
import { resourceOf } from './kinds/resources.ts';
import type { StoredKinds } from './kinds/stored-kinds.ts';
import type { Registry } from './registry/registry.ts';
import { StatusError } from './schema/status-error.ts';
import { formatTime } from './schema/time.ts';

type Node = StoredKinds['nodes'];

const CHECK_MS = 10_000;
const NODES = resourceOf('', 'nodes');

interface OwnNode {
  readonly registry: Registry;
  readonly name: string;
  /** Of the API server, canonical. */
  readonly listenIp: string;
  readonly nowMs: () => number;
  readonly logger: Logger;
}

/**
 * Makes it, or tells what is so now of the one that is there. False: it could not be written, as when the disk is full.
 *
 * @throws UserError when it is refused: a host may have a name that no object can have
 */
export async function registerNode(own: OwnNode): Promise<boolean> {
  try {
    await makeNode(own);
    return true;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    const { name, logger } = own;
    const told = "the Node of this machine can't be written";
    if (error.refusal.reason === 'Invalid')
      throw new UserError(`${told}: ${error.message} (--hostname-override)`);
    logger.error({ node: name, err: error }, `${told}; retrying`);
    return false;
  }
}

/**
 * Registers it anew when the machine has got another address: at the start there may be no network yet.
 *
 * @param isRegistered what became of the first try
 */
export function ownNodeComponent(own: OwnNode, isRegistered: boolean, checkMs = CHECK_MS): Component {
  let known = isRegistered ? nodeAddresses(own.listenIp).join() : undefined;
  return {
    name: 'own-node',
    onFailure: 'restart',
    run: async (signal, ready) => {
      ready();
      await repeat(checkMs, signal, async () => {
        const now = nodeAddresses(own.listenIp).join();
        // Without any, those that it had are as good as none.
        if (known !== undefined && (now === known || now === '')) return;
        if (!(await registerNode(own))) return;
        own.logger.info(
          { node: own.name, addresses: now },
          'the Node of this machine has these addresses now',
        );
        known = now;
      });
    },
  };
}

async function makeNode({ registry, name, listenIp, nowMs }: OwnNode): Promise<void> {
  const addresses = nodeAddresses(listenIp);
  const labels = {
    'kubernetes.io/arch': ARCHITECTURE,
    'kubernetes.io/hostname': name,
    'kubernetes.io/os': 'linux',
  };
  const node: Node = { kind: 'Node', apiVersion: 'v1', metadata: { name, labels } };
  try {
    await registry.create(NODES, '', node);
  } catch (error) {
    if (!(error instanceof StatusError) || error.refusal.reason !== 'AlreadyExists') throw error;
  }
  const change = (current: Node): Node => ({ ...current, status: statusOf(current, addresses, nowMs()) });
  await registry.change(NODES, '', name, change, { subresource: 'status' });
}

/** What is listened on first, and of each other family one of the machine's. */
function nodeAddresses(listenIp: string): readonly string[] {
  const own = parseAdvertised(listenIp);
  const found = [own, ...IP_FAMILIES.map((family) => advertisedFor('0.0.0.0', family))];
  const ips = found.filter((ip) => ip !== undefined);
  return ips.filter((ip, index) => ips.findIndex((other) => familyOf(other) === familyOf(ip)) === index);
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
      architecture: ARCHITECTURE,
      kernelVersion: release(),
      kubeletVersion: BUILD.version,
      operatingSystem: 'linux',
    },
  };
}
