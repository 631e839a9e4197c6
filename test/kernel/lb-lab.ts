/** A lab with a load balancer, and what tests make in it: Services, and pods that are behind them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyObject, LabApi } from '@menwei/lab/lab-api.ts';
import { LabSession } from '@menwei/lab/lab-session.ts';
import { expect } from 'vitest';

const SERVICES = '/api/v1/namespaces/default/services';
const READY_CONDITION = 'menwei.dev/LoadBalancerReady';

/** Brings up a lab of a lab file's text; it goes with the test file. */
export async function startLab(name: string, file: string, mode = 'nftables'): Promise<LbLab> {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-lb-'));
  const path = join(folder, 'lab.yaml');
  writeFileSync(path, file);
  try {
    return new LbLab(await LabSession.up({ name: `${name}-${process.pid}`, file: path, mode }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export class LbLab {
  readonly session: LabSession;
  readonly api: LabApi;

  constructor(session: LabSession) {
    this.session = session;
    this.api = session.api;
  }

  /** Has these pods behind the Service, and no others: they have its name as a label. */
  async putBehind(service: string, ...pods: readonly string[]): Promise<void> {
    const label = labelOf(service);
    const { items } = await this.api.get(`/api/v1/namespaces/default/pods?labelSelector=${label}`);
    const before = items.map(({ metadata }: AnyObject) => metadata.name);
    for (const pod of before) if (!pods.includes(pod)) await this.#label(pod, label, null);
    for (const pod of pods) if (!before.includes(pod)) await this.#label(pod, label, 'yes');
  }

  /** A Service of the pods that are put behind it, of port 80 unless the spec says otherwise. */
  async create(name: string, spec: object = {}, metadata: object = {}): Promise<AnyObject> {
    const object = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, ...metadata },
      spec: {
        type: 'LoadBalancer',
        selector: { [labelOf(name)]: 'yes' },
        ports: [{ port: 80, targetPort: 80 }],
        ...spec,
      },
    };
    return await this.api.create(SERVICES, object);
  }

  get(name: string): Promise<AnyObject> {
    return this.api.get(`${SERVICES}/${name}`);
  }

  patch(name: string, spec: object): Promise<AnyObject> {
    return this.api.patch(`${SERVICES}/${name}`, { spec });
  }

  /** Gone with all that its controllers had to clean up. */
  async remove(name: string): Promise<void> {
    await this.api.delete(`${SERVICES}/${name}`);
    await expect.poll(() => this.api.status('GET', `${SERVICES}/${name}`)).toBe(404);
  }

  /** Waits until the Service has addresses, and gives them. */
  async addresses(name: string, count = 1): Promise<readonly string[]> {
    let found: readonly string[] = [];
    await expect
      .poll(
        async () => {
          const { status } = await this.get(name);
          found = (status.loadBalancer?.ingress ?? []).map(({ ip }: AnyObject) => ip);
          return found.length;
        },
        { message: `addresses of ${name}` },
      )
      .toBe(count);
    return found;
  }

  async address(name: string): Promise<string> {
    const [address = ''] = await this.addresses(name);
    return address;
  }

  /** The condition that tells what became of it. */
  async condition(name: string): Promise<AnyObject> {
    const { status } = await this.get(name);
    return (status.conditions ?? []).find(({ type }: AnyObject) => type === READY_CONDITION) ?? {};
  }

  /** Reasons and messages of the Events about the Service. */
  async events(name: string): Promise<readonly string[]> {
    const { items } = await this.api.get(
      `/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3D${name}`,
    );
    return items.map(({ reason, message }: AnyObject) => `${reason}: ${message}`);
  }

  async #label(pod: string, label: string, value: string | null): Promise<void> {
    await this.api.patch(`/api/v1/namespaces/default/pods/${pod}`, {
      metadata: { labels: { [label]: value } },
    });
  }
}

function labelOf(service: string): string {
  return `behind-${service}`;
}
