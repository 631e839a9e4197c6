import { OPEN, startTestApi, type TestApi } from '@menwei/testing/cluster/api-server.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import { objectOf } from '../store/stored-object.ts';

let api: TestApi;
beforeEach(async () => {
  api = await startTestApi();
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  const pod = { kind: 'Pod', apiVersion: 'v1', metadata: { name: 'p', labels: { app: 'web' } }, spec };
  await api.registry.create(resourceOf('', 'pods'), 'default', pod);
});
afterEach(() => api.close());

async function post(subresource: string, body: object): Promise<string> {
  const response = await fetch(`${api.url}/api/v1/namespaces/default/pods/p/${subresource}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { status, message = '' } = Object(await response.json());
  return `${response.status} ${status} ${message}`.trim();
}

function pod() {
  const stored = api.store.get('pods', 'default', 'p');
  return stored === undefined ? undefined : objectOf('pods', stored);
}

it('a binding gives a pod its node, once', async () => {
  const target = { kind: 'Node', name: 'n1' };
  expect(await post('binding', { metadata: { name: 'p', labels: { zone: 'a' } }, target })).toBe(
    '201 Success',
  );
  expect(pod()?.spec?.nodeName).toBe('n1');
  expect(pod()?.metadata.labels).toEqual({ app: 'web', zone: 'a' });
  expect(pod()?.status?.conditions).toMatchObject([{ type: 'PodScheduled', status: 'True' }]);
  expect(await post('binding', { metadata: { name: 'p' }, target })).toBe(
    '409 Failure Operation cannot be fulfilled on pods/binding "p": pod p is already assigned to node "n1"',
  );
});

it.each<[string, object, string]>([
  [
    'another pod',
    { metadata: { name: 'q' }, target: { name: 'n' } },
    '400 Failure name in URL does not match name in Binding object',
  ],
  ['no node', {}, '422 Failure Binding "p" is invalid: target.name: Required value'],
  [
    'what is no node',
    { target: { kind: 'Pod', name: 'n' } },
    '422 Failure Binding "p" is invalid: target.kind: Unsupported value: "Pod": supported values: "Node", "<empty>"',
  ],
  [
    'a pod with another uid',
    { metadata: { uid: 'x' }, target: { name: 'n' } },
    '409 Failure Operation cannot be fulfilled on pods "p": Precondition failed: UID in precondition: x',
  ],
])('a binding to %s is refused', async (_, binding, said) => {
  expect(await post('binding', binding)).toContain(said);
  expect(pod()?.spec?.nodeName).toBeUndefined();
});

it('an eviction deletes', async () => {
  expect(await post('eviction', { apiVersion: 'policy/v1', metadata: { name: 'p' } })).toBe('201 Success');
  expect(pod()).toBeUndefined();
});

it('a node writes the status of its pods, and nothing else of them', async () => {
  const user = { name: 'system:node:n1', uid: '', groups: ['system:nodes'], extra: {} };
  const access = { ...OPEN, authenticate: () => user, actFor: () => user };
  const asNode = await startTestApi({ store: api.store, access });
  const write = async (method: string, contentType: string, body: object) => {
    const response = await fetch(`${asNode.url}/api/v1/namespaces/default/pods/p/status`, {
      method,
      headers: { 'Content-Type': contentType },
      body: JSON.stringify(body),
    });
    const { message = '' } = Object(await response.json());
    return `${response.status} ${message}`.trim();
  };
  const refused = '403 pods "p" is forbidden: only its status may be changed, not its metadata';
  try {
    const merge = 'application/merge-patch+json';
    const status = { phase: 'Running' };
    expect(await write('PATCH', merge, { metadata: { labels: { app: 'bank' } }, status })).toBe(refused);
    expect(await write('PATCH', merge, { metadata: { finalizers: ['a.b/c'] }, status })).toBe(refused);
    expect(await write('PUT', 'application/json', { ...pod(), metadata: { name: 'p' }, status })).toBe(
      refused,
    );
    expect(pod()?.status?.phase).toBe('Pending');
    expect(await write('PATCH', merge, { status })).toBe('200');
    expect(await write('PUT', 'application/json', { ...pod(), status: { phase: 'Succeeded' } })).toBe('200');
    expect(pod()).toMatchObject({ metadata: { labels: { app: 'web' } }, status: { phase: 'Succeeded' } });
  } finally {
    await asNode.close();
  }
});
