/** A node, its pods and two Services, of which one is to be changed and the other to be left alone. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import type { NfTablesClient, Transaction } from '@menwei/netlink/nftables';
import { aNodeView, aService, aSlice, type ServiceFields } from '@menwei/testing/services/testing.ts';
import { NftablesBackend } from 'menwei/backends/nftables/backend.ts';
import type { NftablesChanges } from 'menwei/backends/nftables/state.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { FamilyProxy } from 'menwei/proxy/family-proxy.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import type { ObjectTables } from 'menwei/state/object-tables.ts';
import { State } from 'menwei/state/state.ts';

export const ADDRESSES = {
  IPv4: { service: '172.30.0.', pod: '10.244.0.', pods: '10.244.0.0/24' },
  IPv6: { service: 'fd00:30::', pod: 'fd00:10:244::', pods: 'fd00:10:244::/64' },
} as const;

export const PODS = ['visitor', 'steady', 'busy-1', 'busy-2', 'busy-3'] as const;
export type Pod = (typeof PODS)[number];

export const NODE = 'node-a';
export const POD_PORT = 8080;

export const LAB: LabSpec = {
  nodes: [
    {
      name: NODE,
      ip: '192.168.49.2',
      ip6: 'fd00:49::2',
      podCIDR: ADDRESSES.IPv4.pods,
      podCIDR6: ADDRESSES.IPv6.pods,
    },
  ],
  pods: PODS.map((name, index) => ({
    name,
    node: NODE,
    ip: `${ADDRESSES.IPv4.pod}${11 + index}`,
    ip6: `${ADDRESSES.IPv6.pod}${11 + index}`,
    ports: [POD_PORT],
  })),
};

export type NftablesProxy = FamilyProxy<unknown, unknown, NftablesChanges>;

/** How the Service busy is. */
export interface Busy {
  readonly pods: readonly Pod[];
  readonly fields: ServiceFields;
}

export function nodeView(family: IpFamily): NodeView {
  return aNodeView({ name: NODE, family, detectLocal: { by: 'cidr', cidr: ADDRESSES[family].pods } });
}

/** A proxy that knows all objects and has not synced yet. */
export function openProxy(client: NfTablesClient, family: IpFamily, busy: Busy): NftablesProxy {
  const state = new State(NODE);
  publish(state.objects, family, busy);
  return new FamilyProxy({
    backend: new NftablesBackend({
      family,
      client,
      masqueradeMark: 1 << 14,
      masqueradeAll: false,
      answeredVIPs: 'pools',
    }),
    state,
    startedAtMs: 0,
    nodeView: () => nodeView(family),
    logger: silentLogger,
  });
}

/** Tells a proxy how the objects are now. */
export function publish(objects: ObjectTables, family: IpFamily, { pods, fields }: Busy): void {
  const { service } = ADDRESSES[family];
  objects.put(aService({ name: 'steady', clusterIPs: { [family]: `${service}1` } }));
  objects.put(sliceOf(family, 'steady', ['steady']));
  objects.put(aService({ name: 'busy', clusterIPs: { [family]: `${service}2` }, ...fields }));
  objects.put(sliceOf(family, 'busy', pods));
}

function sliceOf(family: IpFamily, serviceName: string, pods: readonly Pod[]) {
  return aSlice({
    name: `${serviceName}-1`,
    serviceName,
    addressType: family,
    ports: [{ port: POD_PORT }],
    endpoints: pods.map((pod) => ({
      ip: `${ADDRESSES[family].pod}${11 + PODS.indexOf(pod)}`,
      nodeName: NODE,
    })),
  });
}

interface Interruptions {
  /** Counted from 0. */
  readonly afterObserve?: (time: number) => Promise<void>;
  readonly beforeApply?: (time: number) => Promise<void>;
  readonly afterApply?: (time: number) => Promise<void>;
}

/** A client that others interrupt; `refusals` has the error numbers that its transactions met. */
export function interrupted(client: NfTablesClient, interruptions: Interruptions) {
  let observed = 0;
  let applied = 0;
  const refusals: (number | undefined)[] = [];
  const transactions: Transaction[] = [];
  const faulty: NfTablesClient = {
    portId: client.portId,
    observeGeneration: () => client.observeGeneration(),
    observeDynamicElements: (...args) => client.observeDynamicElements(...args),
    observe: async (...args) => {
      const observation = await client.observe(...args);
      await interruptions.afterObserve?.(observed++);
      return observation;
    },
    apply: async (table, transaction, options) => {
      const time = applied++;
      await interruptions.beforeApply?.(time);
      transactions.push(transaction);
      try {
        return await client.apply(table, transaction, options);
      } catch (error) {
        refusals.push(error instanceof Error && 'errno' in error ? Number(error.errno) : undefined);
        throw error;
      } finally {
        await interruptions.afterApply?.(time);
      }
    },
  };
  return { client: faulty, refusals, transactions };
}
