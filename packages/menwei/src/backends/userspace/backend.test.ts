/** In which order things are opened, led to and closed, and what becomes of ports that are not to be had. */

import { KernelError } from '@menwei/netlink';
import { fillPlan, updatePlan } from '@menwei/testing/backends/laws.ts';
import { FakeRelays, type FakeRelaysOptions } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { openBackend } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import type { World } from '@menwei/testing/services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../scheduling/steps.ts';
import type { ServicePort } from '../../state/service-port.ts';
import type { Plan } from '../backend.ts';
import type { UserspaceBackendOptions } from './backend.ts';
import { PortSpace } from './ports.ts';
import type { UserspaceState } from './state.ts';
import type { UserspaceUnit } from './unit.ts';

const signal = new AbortController().signal;
const NODE = aNodeView({ ip: '192.168.0.2', detectLocal: { by: 'cidr', cidr: '10.0.0.0/24' } });
const [HERE, ELSEWHERE] = [anEndpoint({ isLocal: true }), anEndpoint({ ip: '10.0.1.1' })];
const WEB = aServicePort({ nodePort: 30_080, endpoints: [HERE, ELSEWHERE] });

function worldOf(...ports: readonly ServicePort[]): World {
  return { node: NODE, ports: new Map(ports.map((port) => [port.key, port])) };
}

/** A backend whose relays and tools write down what is asked of them, one after the other. */
function aScene(relaysOptions: FakeRelaysOptions = {}, options: Partial<UserspaceBackendOptions> = {}) {
  const log: string[] = [];
  const relays = new FakeRelays(relaysOptions);
  const tools = new FakeIptables();
  const [applyRelays, restore] = [relays.apply.bind(relays), tools.restore.bind(tools)];
  const portsOf = () =>
    [...relays.observe().values()].flatMap(({ listeners }) => listeners.map((l) => l.port));
  relays.apply = async (changes) => {
    const failures = await applyRelays(changes);
    log.push(`listening on ${portsOf().join(' ') || 'nothing'}`);
    return failures;
  };
  tools.restore = async (script, ...rest) => {
    const text = [...script].join('');
    const led = [...text.matchAll(/^-[AI] KUBE-PORTALS-CONTAINER.*--to-ports (\d+)/gm)].map(
      ([, port]) => port,
    );
    log.push(`rules lead to ${led.join(' ') || 'nothing new'}`);
    await restore([text], ...rest);
  };
  const backend = openBackend({ tools, relays }, 'IPv4', options);
  const takeLog = () => log.splice(0);
  return { backend, relays, tools, takeLog };
}

type Scene = ReturnType<typeof aScene>;

/** One look at the machine and what follows from it. */
async function round({ backend }: Scene, plan: Plan<UserspaceUnit, UserspaceState>) {
  const observed = await backend.observe(signal);
  atOnce(plan.settle(observed));
  const changes = backend.diff(observed, plan.complete());
  return backend.isEmpty(changes) ? 'applied' : backend.apply(changes, signal);
}

const portOf = (port: ServicePort, listener = 'cluster') =>
  new PortSpace({ first: 32_768, last: 60_999 }, new Set()).choose(`${port.key} ${listener}`);

describe('rules and listeners', () => {
  const [shared, local] = [portOf(WEB), portOf(WEB, 'local')];

  async function change(before: ServicePort | undefined, after: ServicePort | undefined) {
    const scene = aScene();
    const first = worldOf(...(before === undefined ? [] : [before]));
    const plan = fillPlan(scene.backend, first);
    await round(scene, plan);
    scene.takeLog();
    const second = worldOf(...(after === undefined ? [] : [after]));
    const step = updatePlan(scene.backend, plan, first, second);
    expect(await scene.backend.apply(scene.backend.diff(step.before, step.after), signal)).toBe('applied');
    return scene.takeLog();
  }

  it.each<[string, ServicePort | undefined, ServicePort | undefined, readonly string[]]>([
    [
      'listens before rules lead there',
      undefined,
      WEB,
      [`listening on ${shared}`, `rules lead to ${shared}`],
    ],
    [
      'stops when no rule leads there any more',
      WEB,
      undefined,
      ['rules lead to nothing new', 'listening on nothing'],
    ],
    [
      'has both listeners while rules turn from one to the other',
      { ...WEB, nodePort: 0 },
      { ...WEB, nodePort: 0, internalPolicyLocal: true },
      [`listening on ${local} ${shared}`, `rules lead to ${local}`, `listening on ${local}`],
    ],
    ['changes no rule for an endpoint', WEB, { ...WEB, endpoints: [HERE] }, [`listening on ${shared}`]],
  ])('%s', async (_name, before, after, expected) => {
    expect(await change(before, after)).toEqual(expected);
  });
});

describe('a port that another program has', () => {
  const home = portOf(WEB) ?? 0;

  it('is passed over', async () => {
    const scene = aScene({ taken: new Set([`TCP ${home}`]) });
    const plan = fillPlan(scene.backend, worldOf(WEB));
    expect([await round(scene, plan), await round(scene, plan)]).toEqual(['outdated', 'applied']);
    expect(scene.takeLog()).toEqual([
      'listening on nothing',
      `listening on ${home + 1}`,
      `rules lead to ${home + 1}`,
    ]);
    expect(plan.destinations(WEB.key)).toEqual([{ ip: '0.0.0.0', port: home + 1 }]);
  });

  it('does not matter to the other protocol', async () => {
    const scene = aScene({ taken: new Set([`UDP ${home}`]) });
    expect(await round(scene, fillPlan(scene.backend, worldOf(WEB)))).toBe('applied');
  });

  it('leads to a refusal when there is no end to them', async () => {
    const taken = new Set(Array.from({ length: 40 }, (_, number) => `TCP ${home + number}`));
    const scene = aScene({ taken });
    const plan = fillPlan(scene.backend, worldOf(WEB));
    for (let number = 0; number < 16; number++) expect(await round(scene, plan)).toBe('outdated');
    expect(await round(scene, plan)).toMatchObject({ refused: [{ servicePort: WEB.key }] });
    expect(await round(scene, plan)).toBe('outdated');
  });
});

describe('a range that is used up', () => {
  const other = { ...aServicePort({ name: 'other', clusterIP: '172.30.0.2' }), endpoints: [ELSEWHERE] };
  const single = { portRange: { first: 40_000, last: 40_000 } };

  it('refuses who comes last, in kube-proxy’s words, and serves all others', async () => {
    const scene = aScene({}, single);
    const plan = fillPlan(scene.backend, worldOf(WEB, other));
    const message =
      'port allocation failed; there are no remaining ports left to allocate in the accepted range';
    const refusal = { servicePort: WEB.key, error: { message: expect.stringContaining(message) } };
    for (const _time of [1, 2]) expect(await round(scene, plan)).toMatchObject({ refused: [refusal] });
    expect([...scene.relays.observe().keys()]).toEqual([`IPv4 ${other.key}`]);
    expect(scene.tools.dump()).not.toContain('-d 172.30.0.1');
  });

  it('serves them when a port is free again', async () => {
    const scene = aScene({}, single);
    const plan = fillPlan(scene.backend, worldOf(WEB, other));
    await round(scene, plan);
    updatePlan(scene.backend, plan, worldOf(WEB, other), worldOf(WEB));
    // The port leads to the other one's relay until that is closed.
    await round(scene, plan);
    expect(await round(scene, plan)).toBe('applied');
    expect([...scene.relays.observe().keys()]).toEqual([`IPv4 ${WEB.key}`]);
  });
});

it('refuses the service port whose listener fails, and serves all others', async () => {
  const other = { ...aServicePort({ name: 'other', clusterIP: '172.30.0.2' }), endpoints: [ELSEWHERE] };
  const scene = aScene();
  const apply = scene.relays.apply;
  const plan = fillPlan(scene.backend, worldOf(WEB, other));
  scene.relays.apply = async (changes) => {
    scene.relays.apply = apply;
    const failures = await apply(changes);
    const key = `IPv4 ${WEB.key}`;
    await apply(new Map([[key, undefined]]));
    const error = new KernelError({
      operation: 'listen',
      object: key,
      detail: 'too many open files',
      errno: 24,
    });
    return [...failures, { key, ip: '0.0.0.0', port: 1, error }];
  };
  expect(await round(scene, plan)).toMatchObject({
    refused: [{ servicePort: WEB.key, error: { errno: 24 } }],
  });
  expect([...scene.relays.observe().keys()]).toEqual([`IPv4 ${other.key}`]);
  expect(await round(scene, plan)).toBe('applied');
  expect(scene.relays.observe().size).toBe(2);
});

it('takes a listener for open that opens when the one before it is closed', async () => {
  const scene = aScene();
  const [first, second] = [WEB, { ...WEB, internalPolicyLocal: true }].map((port) =>
    worldOf({ ...port, nodePort: 0 }),
  );
  const plan = fillPlan(scene.backend, first ?? worldOf());
  await round(scene, plan);
  const apply = scene.relays.apply;
  const key = `IPv4 ${WEB.key}` as const;
  scene.relays.refused.add(key);
  scene.relays.apply = async (changes) => {
    const failures = await apply(changes);
    scene.relays.refused.delete(key);
    return failures;
  };
  const { before, after } = updatePlan(scene.backend, plan, first, second ?? worldOf());
  expect(await scene.backend.apply(scene.backend.diff(before, after), signal)).toBe('applied');
  expect([...scene.relays.observe().values()]).toMatchObject([
    { listeners: [{ port: portOf(WEB, 'local') }] },
  ]);
});

it('leaves the relays of the other family alone', async () => {
  const relays = new FakeRelays();
  const backends = (['IPv4', 'IPv6'] as const).map((family) =>
    openBackend({ tools: new FakeIptables({ family }), relays }, family),
  );
  const ports = [
    WEB,
    aServicePort({ clusterIP: 'fd00:30::1', endpoints: [anEndpoint({ ip: 'fd00:10::1' })] }),
  ];
  for (const [index, backend] of backends.entries()) {
    const port = ports[index] ?? WEB;
    const world = { node: aNodeView({ family: port.family }), ports: new Map([[port.key, port]]) };
    const plan = fillPlan(backend, world);
    await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
  }
  expect([...relays.observe().keys()]).toEqual(['IPv4 ns/web/TCP', 'IPv6 ns/web/TCP']);
  await backends[0]?.cleanup(signal);
  expect([...relays.observe().keys()]).toEqual(['IPv6 ns/web/TCP']);
});
