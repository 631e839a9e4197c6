/** What tests of health checks need of a cluster: pods of their own, and what its proxies say of their endpoints. */
import type { LabPod } from '@menwei/lab/lab.ts';
import { parseStatus, type StatusRow } from 'menwei/status/status-row.ts';
import { expect, vi } from 'vitest';
import { Ailment, HEALTH_PORT } from './ailment.ts';
import type { Cluster } from './cluster.ts';
import { type Offer, POD_PORT } from './offer.ts';
import { PATIENCE_MS } from './patience.ts';
import type { PublishedService } from './published-service.ts';

/** Tries until nothing is thrown. Unlike `expect.poll` it knows nothing of the test, of which several run at a time. */
export function eventually(check: () => Promise<void>): Promise<void> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: 50 });
}

/** A good endpoint of a busy machine must have the time to say so. */
const TIMING = 'interval=1s timeout=1s fast=100ms fall=3 rise=2';
/** At most an interval, then fall × fast + timeout. */
export const DETECTED_MS = 1_000 + 3 * 100 + 1_000;
const NODES = ['one', 'two'];

interface CheckedOffer extends Partial<Omit<Offer, 'pods' | 'annotations'>> {
  readonly annotations?: Readonly<Record<string, string>>;
}

/** A Service whose endpoints are checked, and pods that no other Service has. */
interface CheckedService {
  readonly web: PublishedService;
  readonly team: readonly Ailment[];
  /** Names of its pods. */
  readonly pods: readonly string[];
}

export class CheckedCluster {
  readonly #cluster: Cluster;
  #pods = 0;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** Resolves when all of its pods are known to be up. @param check as the annotation has it, but for the timing */
  async publish(size: number, check: string, offer: CheckedOffer = {}): Promise<CheckedService> {
    const team = await Promise.all(Array.from({ length: size }, (_, index) => this.#add(index)));
    const pods = team.map(({ name }) => name);
    const annotations = { 'menwei.dev/health-check': `${check} ${TIMING}`, ...offer.annotations };
    const web = await this.#cluster.publish({
      ...{ family: 'IPv4', protocol: 'TCP', pods },
      ...offer,
      annotations,
    });
    const up = NODES.map(() => ({ up: size }));
    await eventually(async () => expect(await this.#ask(web, ({ health }) => health?.states)).toEqual(up));
    return { web, team: team.map((pod) => new Ailment(pod)), pods };
  }

  /** How many endpoints each node uses, as far as that is programmed. */
  used(web: PublishedService): Promise<readonly (number | undefined)[]> {
    return this.#ask(web, ({ state, endpoints }) => (state === 'programmed' ? endpoints?.used : undefined));
  }

  async statusOn(node: string, { identity }: PublishedService): Promise<StatusRow | undefined> {
    const page = await this.#cluster.read(node, 'http://127.0.0.1:10249/status');
    const rows = 'error' in page || page.status !== 200 ? undefined : parseStatus(page.body);
    return rows?.find(({ servicePort }) => servicePort.startsWith(`${identity.namespace}/${identity.name}/`));
  }

  async #ask<T>(web: PublishedService, read: (row: StatusRow) => T): Promise<readonly (T | undefined)[]> {
    const rows = await Promise.all(NODES.map((node) => this.statusOn(node, web)));
    return rows.map((row) => row && read(row));
  }

  #add(index: number): Promise<LabPod> {
    this.#pods += 1;
    const isFirst = index % 2 === 0;
    const [v4, v6] = isFirst ? ['10.244.0', 'fd00:10:244:'] : ['10.244.1', 'fd00:10:244:1:'];
    return this.#cluster.lab.addPod({
      name: `team-${this.#pods}`,
      node: isFirst ? 'one' : 'two',
      ip: `${v4}.${100 + this.#pods}`,
      ip6: `${v6}:${100 + this.#pods}`,
      ports: [POD_PORT, HEALTH_PORT],
    });
  }
}
