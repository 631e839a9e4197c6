/** Whether the node holds what it has to, whoever asks. */

import { setTimeout as sleep } from 'node:timers/promises';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { isTidying } from '@menwei/testing/backends/nftables/tidying.ts';
import type { AnyBackend } from 'menwei/backends/backend.ts';
import type { ProxyMode } from 'menwei/config/settings.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import type { Relays } from 'menwei/relay/contract.ts';
import { atOnce } from 'menwei/scheduling/steps.ts';
import { ServiceTracker } from 'menwei/services/service-tracker.ts';
import { State } from 'menwei/state/state.ts';
import { Dice } from './dice.ts';
import { dump, type Lines, missingIn } from './dump.ts';
import { type Engine, openEngine } from './engine.ts';
import { Gate } from './gate.ts';
import { nodeView, type StressProxy } from './proxy.ts';
import { NODE, type Site } from './site.ts';
import type { World } from './world.ts';

const signal = new AbortController().signal;
const REQUESTS = 4;

/** Nothing fails for those who only look. */
function openObserver(mode: ProxyMode, relays?: Relays): Promise<Engine> {
  return openEngine({ mode, gate: new Gate(new Dice(0), 0), logger: silentLogger, watchMs: 1_000, relays });
}

/** Throws if a proxy that starts now would find something to change. */
export async function expectRight(world: World, mode: ProxyMode, proxy: StressProxy): Promise<void> {
  await using observer = await openObserver(mode, proxy.engine.relays);
  for (const backend of observer.backends) {
    const left = await remainder(backend, world);
    if (left !== '')
      throw new Error(`${backend.family}: the kernel differs from what should be there:\n${left}`);
  }
}

async function remainder(backend: AnyBackend, world: World): Promise<string> {
  const { family } = backend;
  const { objects, families } = new State(NODE);
  const tables = families[family];
  world.tellAll(objects);
  new ServiceTracker({ objects, tables, startedAtMs: 0 }).update();
  const view = nodeView(family);
  const plan = backend.plan();
  plan.update(
    view,
    new Map([...tables.servicePorts.rows].map(([key, port]) => [key, backend.compile(port, view)])),
  );
  const observed = await backend.observe(signal);
  atOnce(plan.settle(observed));
  const changes = backend.diff(observed, plan.complete());
  return backend.isEmpty(changes) || mayStay(backend.mode, changes) ? '' : backend.format(changes);
}

/** Chains without use, and their numbers, may stay in nftables mode. */
function mayStay(mode: ProxyMode, changes: unknown): boolean {
  if (mode !== 'nftables' || typeof changes !== 'object' || changes === null) return false;
  const transaction = 'transaction' in changes ? changes.transaction : undefined;
  return Array.isArray(transaction) && transaction.every(isTidying);
}

/** Asks again and again, as long as somebody else's deeds may not have been noticed yet. */
export async function eventuallyRight(
  world: World,
  mode: ProxyMode,
  proxy: StressProxy,
  withinMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    proxy.expectRunning();
    try {
      return await expectRight(world, mode, proxy);
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await sleep(50);
  }
}

/** Throws unless every service port is said to be programmed. */
export function expectProgrammed(proxy: StressProxy): void {
  if (proxy.status().some(({ state }) => state !== 'programmed')) {
    throw new Error(`nothing is left to do, and not all is programmed:\n${proxy.account()}`);
  }
}

/** Throws unless each Service with endpoints is answered for, by those endpoints alone. */
export async function expectServed(site: Site, world: World): Promise<void> {
  const work = world.numbers.flatMap((number) =>
    IP_FAMILIES.map((family) => askFor(site, world, number, family)),
  );
  await Promise.all(work);
}

async function askFor(site: Site, world: World, number: number, family: IpFamily): Promise<void> {
  const pods: readonly string[] = world.readyPods(number);
  if (pods.length === 0) return;
  const target = world.target(family, number);
  const { failed, failures, byPod } = await site.visitor.requests(REQUESTS, target, { timeoutMs: 5_000 });
  const strangers = Object.keys(byPod).filter((pod) => !pods.includes(pod));
  if (failed === 0 && strangers.length === 0) return;
  const what = { byPod, failures, expected: pods };
  throw new Error(
    `Service web-${number} at ${target} is not answered for as it should: ${JSON.stringify(what)}`,
  );
}

/** Throws if something of others is gone. */
export function expectUntouched(mode: ProxyMode, before: Lines): void {
  const gone = missingIn(dump(mode), before);
  if (gone.length > 0) throw new Error(`of others is gone:\n${gone.join('\n')}`);
}

/** Cleans up, and throws if something is left over, or gone that was there before. */
export async function expectCleanedUp(mode: ProxyMode, before: Lines): Promise<void> {
  {
    await using cleaner = await openObserver(mode);
    for (const backend of cleaner.backends) await backend.cleanup(signal);
  }
  const left = missingIn(before, dump(mode));
  if (left.length > 0) throw new Error(`left over after clean-up:\n${left.join('\n')}`);
  expectUntouched(mode, before);
}
