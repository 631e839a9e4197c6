import { useClientFixture } from '@menwei/testing/kubernetes/client-fixture.ts';
import { type FakeApiServer, sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, describe, expect, it } from 'vitest';
import type { NodeTaint } from '../config/settings.ts';
import { type Logger, silentLogger } from '../log/logger.ts';
import { nodeTaintComponent } from './node-taint.ts';

const fixture = useClientFixture();
const NODES = '/api/v1/nodes';
const NODE = `${NODES}/node-a`;
const TAINT: NodeTaint = { key: 'menwei.dev/not-ready', effect: 'NoSchedule' };
const OTHER = { key: 'example.com/gpu', value: 'yes', effect: 'NoSchedule' };
const OURS = { key: TAINT.key, effect: 'NoSchedule' };

function putTaints(server: FakeApiServer, taints: readonly object[] | undefined): void {
  server.put(NODES, { metadata: { name: 'node-a' }, spec: { podCIDR: '10.0.0.0/24', taints } });
}

async function specOf(server: FakeApiServer): Promise<unknown> {
  const client = fixture.clientOf({});
  const body = await client.get(NODE, {}, { signal: AbortSignal.timeout(5_000), silenceMs: 5_000 });
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  expect(server.watches).toBe(0);
  return JSON.parse(Buffer.concat(chunks).toString()).spec;
}

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function run(taint = TAINT): readonly string[] {
  const lines: string[] = [];
  const note = (level: string) => (fields: { err?: unknown }, message: string) =>
    lines.push(`${level} ${message}${fields.err instanceof Error ? `: ${fields.err.message}` : ''}`);
  const logger: Logger = { ...silentLogger, info: note('I'), warn: note('W'), error: note('E') };
  const component = nodeTaintComponent({
    taint,
    nodeName: 'node-a',
    openClient: async () => fixture.clientOf({}),
    needs: [],
    logger,
    retry: { firstMs: 10, maxMs: 10 },
  });
  const end = new AbortController();
  const ended = component.run(end.signal, () => undefined);
  stops.push(async () => {
    end.abort();
    await ended;
  });
  return lines;
}

/** Answers the first so many patches with a status. */
function refusePatches(
  server: FakeApiServer,
  times: number,
  code: number,
  before: () => void = () => undefined,
) {
  let left = times;
  return server.intercept(({ method }, response) => {
    if (method !== 'PATCH' || left-- <= 0) return false;
    before();
    sendStatus(response, code, `injected ${code}`);
    return true;
  });
}

const eventually = (value: () => unknown) => expect.poll(value, { interval: 10 });
const REMOVED = 'I Services work; removed the taint';

describe('the taint of a node', () => {
  it('is removed, and nothing else is touched', async () => {
    const { server } = fixture;
    putTaints(server, [OTHER, OURS, { ...OURS, effect: 'NoExecute' }]);
    const lines = run();
    await eventually(() => lines).toEqual([REMOVED]);
    expect(await specOf(server)).toEqual({
      podCIDR: '10.0.0.0/24',
      taints: [OTHER, { ...OURS, effect: 'NoExecute' }],
    });
  });

  it('is removed with every effect if none is named', async () => {
    const { server } = fixture;
    putTaints(server, [OURS, OTHER, { ...OURS, effect: 'NoExecute' }]);
    const lines = run({ key: TAINT.key, effect: undefined });
    await eventually(() => lines).toEqual([REMOVED]);
    expect(await specOf(server)).toEqual({ podCIDR: '10.0.0.0/24', taints: [OTHER] });
  });

  it.each([[undefined], [[]], [[OTHER]]])('need not be there: %j', async (taints) => {
    const { server } = fixture;
    putTaints(server, taints);
    const lines = run();
    await eventually(() => lines).toEqual(['I node has no such taint']);
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('is looked up again when the list of taints has changed meanwhile, so that no other is lost', async () => {
    const { server } = fixture;
    putTaints(server, [OURS, OTHER]);
    const added = { key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' };
    let isFirst = true;
    server.intercept(({ method }) => {
      if (method === 'PATCH' && isFirst) putTaints(server, [added, OURS, OTHER]);
      if (method === 'PATCH') isFirst = false;
      return false;
    });
    const lines = run();
    await eventually(() => lines.at(-1)).toBe(REMOVED);
    expect(lines[0]).toMatch(
      /^W taint could not be removed yet; retrying: .*testing path \/spec\/taints\/0\/key failed/,
    );
    expect(await specOf(server)).toEqual({ podCIDR: '10.0.0.0/24', taints: [added, OTHER] });
  });

  it.each([409, 500, 503])('is tried again after HTTP %d, which is told once', async (code) => {
    const { server } = fixture;
    putTaints(server, [OURS]);
    refusePatches(server, 3, code);
    const lines = run();
    await eventually(() => lines.at(-1)).toBe(REMOVED);
    expect(lines).toEqual([
      expect.stringMatching(`^W taint could not be removed yet; retrying: .*injected ${code}`),
      REMOVED,
    ]);
    expect(await specOf(server)).toEqual({ podCIDR: '10.0.0.0/24', taints: [] });
  });

  it('stays without the right, which is told once and names what is missing', async () => {
    const { server } = fixture;
    putTaints(server, [OURS]);
    refusePatches(server, 1_000, 403);
    const lines = run();
    await eventually(() => lines).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(lines).toEqual([
      'W taint stays: not allowed to get or patch the Node; its role needs the verbs get and patch on nodes: injected 403',
    ]);
    expect(server.requests.filter(({ method }) => method === 'PATCH')).toHaveLength(1);
  });

  it('is waited for at a node that is not there yet, and a server that is away', async () => {
    const { server } = fixture;
    const lines = run();
    await eventually(() => lines[0]).toMatch(/^W taint could not be removed yet; retrying: .*\(404/);
    putTaints(server, [OURS]);
    await eventually(() => lines.at(-1)).toBe(REMOVED);
  });

  it('is not touched by an answer that is no Node', async () => {
    const { server } = fixture;
    server.intercept(({ method, path }, response) => {
      if (method !== 'GET' || path !== NODE) return false;
      response.end('{"spec":{"taints":[3]}}');
      return true;
    });
    const lines = run();
    await eventually(() => lines[0]).toMatch(/the answer is no Node$/);
    expect(server.requests.filter(({ method }) => method !== 'GET')).toEqual([]);
  });
});
