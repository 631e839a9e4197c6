/** The slices of one Service as plans make them, without a store. */
import type { NodeFacts } from 'menwei/cluster/controllers/endpoints/node-facts.ts';
import type { PodFacts } from 'menwei/cluster/controllers/endpoints/pod-facts.ts';
import type { ServiceFacts } from 'menwei/cluster/controllers/endpoints/service-facts.ts';
import type { EndpointSlice } from 'menwei/cluster/controllers/endpoints/slice-packing.ts';
import { planSlices } from 'menwei/cluster/controllers/endpoints/slice-plan.ts';

export class PlannedSlices {
  #slices: readonly EndpointSlice[] = [];
  #names = 0;

  get slices(): readonly EndpointSlice[] {
    return this.#slices;
  }

  /** How many endpoints stand in each. */
  get counts(): readonly number[] {
    return this.#slices.map(({ endpoints }) => endpoints?.length ?? 0);
  }

  /** Plans and does what is planned, in the Service's first family. Returns the number of writes. */
  sync(
    service: ServiceFacts,
    pods: readonly PodFacts[],
    nodes: ReadonlyMap<string, NodeFacts>,
    capacity = 100,
  ): number {
    const family = service.families[0] ?? 'IPv4';
    const plan = planSlices({ service, pods, nodes, family, existing: this.#slices, capacity });
    const { create, update, remove } = plan;
    const named = create.map((slice) => ({
      ...slice,
      metadata: { ...slice.metadata, name: `${service.name}-${String(++this.#names).padStart(5, '0')}` },
    }));
    const updated = new Map(update.map((slice) => [slice.metadata.name, slice]));
    const removed = new Set(remove.map(({ metadata }) => metadata.name));
    this.#slices = [
      ...this.#slices
        .filter(({ metadata }) => !removed.has(metadata.name))
        .map((slice) => updated.get(slice.metadata.name) ?? slice),
      ...named,
    ];
    return create.length + update.length + remove.length;
  }
}

export function podFacts(index: number, more: Partial<PodFacts> = {}): PodFacts {
  const name = `p${String(index).padStart(4, '0')}`;
  return {
    key: `default/${name}`,
    namespace: 'default',
    name,
    uid: `uid-${name}`,
    labels: { app: 'x' },
    createdAt: '2026-11-30T05:00:00Z',
    isFinished: false,
    isTerminating: false,
    isReady: true,
    readyChangedAt: undefined,
    ips: [`10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`],
    unusableIps: [],
    nodeName: 'n1',
    hostname: '',
    subdomain: '',
    ports: [],
    ...more,
  };
}

export function serviceFacts(more: Partial<ServiceFacts> = {}): ServiceFacts {
  return {
    key: 'default/s',
    namespace: 'default',
    name: 's',
    uid: 'uid-s',
    labels: {},
    createdAt: '2026-11-30T05:00:00Z',
    isBeingDeleted: false,
    selector: [['app', 'x']],
    families: ['IPv4'],
    isHeadless: false,
    publishesNotReady: false,
    ports: [{ name: 'http', protocol: 'TCP', appProtocol: undefined, target: 8080 }],
    trafficDistribution: undefined,
    isTopologyAware: false,
    ...more,
  };
}

export function nodeFacts(name: string, zone: string, milliCpus = 4000): NodeFacts {
  return { name, zone, countsForHints: true, milliCpus };
}
