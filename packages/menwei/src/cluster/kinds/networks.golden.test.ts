/** What the reference says to ServiceCIDRs and IPAddresses, row by row. */
import { readFileSync } from 'node:fs';
import { Services } from '@menwei/testing/cluster/services.ts';
import { describe, expect, it } from 'vitest';
import type { ApiObject } from '../schema/object.ts';
import { StatusError } from '../schema/status-error.ts';
import { parseStored } from '../store/stored-object.ts';
import { resourceOf } from './resources.ts';

interface Row {
  readonly title: string;
  readonly request: { readonly method: string; readonly path: string; readonly body: ApiObject };
  readonly status: number;
  readonly body: { readonly spec?: object };
}

const file = new URL('../../../../../test/data/cluster-golden/errors.jsonl', import.meta.url);
const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
const rows = lines
  .map((line): Row => JSON.parse(line))
  .filter(({ title }) => /^(ServiceCIDR|IPAddress): /.test(title));

async function answerTo({ request }: Row): Promise<object> {
  const { registry, store } = await Services.open();
  const plural = request.path.includes('/servicecidrs') ? 'servicecidrs' : 'ipaddresses';
  const resource = resourceOf('networking.k8s.io', plural);
  const { body } = request;
  try {
    if (request.method === 'POST') return parseStored((await registry.create(resource, '', body)).stored);
    const extra = {
      kind: 'ServiceCIDR',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: 'extra' },
      spec: { cidrs: ['10.200.0.0/24'] },
    };
    await registry.create(resource, '', extra);
    const patched = (current: ApiObject) => ({ ...current, ...body, metadata: current.metadata });
    return parseStored((await registry.change(resource, '', 'extra', patched)).stored);
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    expect([...store.list('ipaddresses')]).toEqual([]);
    return error.status;
  }
}

describe('ServiceCIDRs and IPAddresses', () => {
  it('are all in the captured answers', () => {
    expect(rows.length).toBe(9);
  });

  it.each(rows)('$title', async (row) => {
    const { status, body } = row;
    const answer = await answerTo(row);
    expect(answer).toMatchObject(status === 200 ? { spec: body.spec } : body);
  });
});

describe('an update', () => {
  const SERVICE_CIDRS = resourceOf('networking.k8s.io', 'servicecidrs');
  const IP_ADDRESSES = resourceOf('networking.k8s.io', 'ipaddresses');

  it.each([
    [['10.96.0.0/16'], 'spec.cidrs: Invalid value: ["10.96.0.0/16"]: field is immutable'],
    [['fd00:96::/112', '10.96.0.0/16'], 'spec.cidrs[0]: Invalid value: "fd00:96::/112": field is immutable'],
  ])('of a ServiceCIDR to %j is refused', async (cidrs, message) => {
    const { registry } = await Services.open();
    const change = registry.change(SERVICE_CIDRS, '', 'kubernetes', (current) => ({
      ...current,
      spec: { cidrs },
    }));
    await expect(change).rejects.toThrow(message);
  });

  it('of the parent of an IPAddress is refused, with the reference names of its fields', async () => {
    const services = await Services.open();
    await services.put('a', { clusterIP: '10.96.0.9', ports: [{ port: 80 }] });
    const change = services.registry.change(IP_ADDRESSES, '', '10.96.0.9', (current) => ({
      ...current,
      spec: { parentRef: { resource: 'services', namespace: 'default', name: 'b' } },
    }));
    await expect(change).rejects.toThrow(
      'spec.parentRef: Invalid value: {"Group":"","Resource":"services","Namespace":"default","Name":"b"}: field is immutable',
    );
  });
});
