/** Deletions, with grace, finalizers and policies, as kube-apiserver answered them one after the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from './golden-differences.ts';
import { type GoldenRow, masked, parse, readGolden, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

let server: GoldenServer;

function write(method: string, path: string, body: object) {
  return send(server, { method, path, contentType: 'application/json', body });
}

const rows = readGolden<GoldenRow>('deletes');

/** The pods that the rows delete, as the answers show them. */
const PODS: Readonly<Record<string, string>> = {
  'p-ready': 'pod, graceful',
  'p-pending': 'unassigned pod',
  'p-done': 'finished pod',
};

beforeAll(async () => {
  server = await openGoldenServer();
  await write('POST', '/api/v1/namespaces', { metadata: { name: 'tab' } });
  await write('POST', '/api/v1/nodes', {
    metadata: { name: 'node-a', labels: { 'topology.kubernetes.io/zone': 'z1' } },
  });
  for (const [name, title] of Object.entries(PODS)) {
    const body = recordOf(rows.find((row) => row.title === title)?.body);
    const labels = name === 'p-ready' ? { labels: { app: 'x' } } : {};
    const spec = {
      containers: [{ name: 'c', image: 'i' }],
      ...(name === 'p-pending' ? {} : { nodeName: 'node-a' }),
    };
    const path = '/api/v1/namespaces/tab/pods';
    const metadata = { name, ...labels };
    await write('POST', path, { metadata, spec });
    const { qosClass: _, ...status } = recordOf(body.status);
    await send(server, {
      method: 'PATCH',
      path: `${path}/${name}/status`,
      contentType: 'application/merge-patch+json',
      body: { status },
    });
  }
  const configMaps = '/api/v1/namespaces/tab/configmaps';
  await write('POST', configMaps, { metadata: { name: 'fin', finalizers: ['example.com/f'] } });
  for (const name of ['fg', 'or', 'dr']) await write('POST', configMaps, { metadata: { name } });
});
afterAll(() => server.close());

/** CQ-7: a cause is told once. */
function withoutRepetition(body: unknown): unknown {
  const { details, ...rest } = recordOf(body);
  const { causes, ...others } = recordOf(details);
  if (!Array.isArray(causes)) return body;
  const once = [...new Map(causes.map((cause) => [JSON.stringify(cause), cause])).values()];
  return { ...rest, details: { ...others, causes: once } };
}

/** The rows do not show specs of pods. */
function shown(body: unknown): unknown {
  const record = recordOf(body);
  if (record.kind !== 'Pod') return body;
  const { spec: _, ...rest } = record;
  return rest;
}

describe('deletes.jsonl', () => {
  it.each(rows)('$title', async (row) => {
    const answer = await send(server, row.request);
    const body = shown(parse(answer.text));
    const expected = withoutRepetition(row.body);
    expect([answer.status, masked(body, '')]).toEqual([row.status, masked(expected, '')]);
    if (row.title.startsWith('pod')) expect(graceOf(body)).toBe(graceOf(expected));
  });

  function graceOf(body: unknown): unknown {
    return recordOf(recordOf(body).metadata).deletionGracePeriodSeconds;
  }
});
