/**
 * Random objects, come, changed and gone in any order, and a node that changes too, through the proxy of one family.
 * After each sync the kernel must hold what was compiled; a new proxy on the same kernel must find nothing to do.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { nodeViews } from '@menwei/testing/services/arbitraries.ts';
import { type ObjectEvent, objectEvents, objectsAfter } from '@menwei/testing/services/object-arbitraries.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import fc from 'fast-check';
import type { Backend, Plan } from 'menwei/backends/backend.ts';
import type { EndpointSlice, Service } from 'menwei/kubernetes/objects.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { FamilyProxy } from 'menwei/proxy/family-proxy.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { State as SharedState } from 'menwei/state/state.ts';
import { expect, it } from 'vitest';

const signal = new AbortController().signal;
/** So often may a sync fail in a row. */
const MAX_ATTEMPTS = 100;

type Event =
  | ObjectEvent
  | { readonly verb: 'node'; readonly view: NodeView }
  /** Somebody may have meddled: the next sync looks at all there is. */
  | { readonly verb: 'forget' }
  /** Somebody did. */
  | { readonly verb: 'wipe' };

interface FuzzedMode<Kernel, Unit, State, Changes> {
  /** One that holds nothing of ours; the seed is for its faults. */
  readonly openKernel: (family: IpFamily, seed: number) => Promise<Kernel>;
  readonly openBackend: (kernel: Kernel, family: IpFamily) => Backend<Unit, State, Changes>;
  /** What somebody else does to all of our rules. */
  readonly wipe: (kernel: Kernel, family: IpFamily) => Promise<void>;
  /** Whether changes take nothing away but what has no effect. */
  readonly isTidying: (changes: Changes) => boolean;
  readonly runs: { readonly numRuns: number; readonly seed?: number };
}

export function describeFuzz<Kernel, Unit, State, Changes>(
  title: string,
  mode: FuzzedMode<Kernel, Unit, State, Changes>,
): void {
  it.each(IP_FAMILIES)(`${title} holds what was compiled, whatever happens, %s`, async (family) => {
    await fc.assert(
      fc.asyncProperty(histories(family), fc.nat(), async (history, seed) => {
        const kernel = await mode.openKernel(family, seed);
        const proxy = new Fuzzed(mode.openBackend(kernel, family));
        await proxy.sync();
        for (const batch of history) {
          for (const event of batch) {
            if (event.verb === 'wipe') await mode.wipe(kernel, family);
            else proxy.take(event);
          }
          await proxy.sync();
          expect(await proxy.remainder()).toBe('');
        }
        const objects = objectsAfter(history.flat().filter(isObjectEvent));
        await expectQuietRestart(mode, kernel, family, proxy.node, [...objects].reverse());
      }),
      mode.runs,
    );
  });
}

function isObjectEvent(event: Event): event is ObjectEvent {
  return event.verb === 'upsert' || event.verb === 'remove';
}

function histories(family: IpFamily): fc.Arbitrary<readonly (readonly Event[])[]> {
  return fc.array(batches(family), { maxLength: 12, size: 'max' });
}

/** What happens between two syncs. */
function batches(family: IpFamily): fc.Arbitrary<readonly Event[]> {
  const event = fc.oneof(
    { weight: 12, arbitrary: objectEvents(family) },
    { weight: 2, arbitrary: nodeViews(family).map((view): Event => ({ verb: 'node', view })) },
    { weight: 1, arbitrary: fc.constant<Event>({ verb: 'forget' }) },
  );
  const wipe = fc.constant<readonly Event[]>([{ verb: 'wipe' }, { verb: 'forget' }]);
  return fc.oneof(
    { weight: 12, arbitrary: fc.array(event, { minLength: 1, maxLength: 5, size: 'max' }) },
    { weight: 1, arbitrary: wipe },
  );
}

async function expectQuietRestart<Kernel, Unit, State, Changes>(
  { openBackend, isTidying }: FuzzedMode<Kernel, Unit, State, Changes>,
  kernel: Kernel,
  family: IpFamily,
  node: NodeView,
  objects: readonly (Service | EndpointSlice)[],
): Promise<void> {
  for (const mayTidy of [true, false]) {
    const proxy = new Fuzzed(openBackend(kernel, family));
    proxy.take({ verb: 'node', view: node });
    for (const object of objects) proxy.take({ verb: 'upsert', object });
    await proxy.sync();
    expect(await proxy.remainder()).toBe('');
    const applied = proxy.applied.filter((changes) => !mayTidy || !isTidying(changes));
    expect(applied.map((changes) => proxy.backend.format(changes))).toEqual([]);
  }
}

/** A proxy whose plan and whose doings can be seen. */
class Fuzzed<Unit, State, Changes> {
  readonly applied: Changes[] = [];
  node: NodeView;
  readonly backend: Backend<Unit, State, Changes>;
  readonly #proxy: FamilyProxy<Unit, State, Changes>;
  #plan: Plan<Unit, State> | undefined;

  constructor(backend: Backend<Unit, State, Changes>) {
    const { family } = backend;
    this.node = aNodeView({ family });
    this.backend = backend;
    this.#proxy = new FamilyProxy({
      backend: this.#seen(backend),
      state: new SharedState(this.node.name),
      startedAtMs: 0,
      nodeView: () => this.node,
      logger: silentLogger,
    });
  }

  take(event: Exclude<Event, { readonly verb: 'wipe' }>): void {
    const { objects } = this.#proxy.state;
    switch (event.verb) {
      case 'node':
        this.node = event.view;
        break;
      case 'forget':
        this.#proxy.forgetKernel();
        break;
      case 'upsert':
        objects.put(event.object);
        break;
      case 'remove':
        objects.delete(event.object);
    }
  }

  /** Until it succeeds, as the loop of the proxy would. */
  async sync(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const { ok, error } = await this.#proxy.sync(signal);
      if (ok) return;
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }

  /** What would still have to change, as text, without asking the proxy what it knows. */
  async remainder(): Promise<string> {
    if (this.#plan === undefined) throw new Error('BUG: a proxy without a plan');
    const observed = await this.#untilDone(() => this.backend.observe(signal));
    return this.backend.format(this.backend.diff(observed, this.#plan.complete()));
  }

  async #untilDone<T>(action: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await action();
      } catch (error) {
        if (attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  #seen(backend: Backend<Unit, State, Changes>): Backend<Unit, State, Changes> {
    return {
      mode: backend.mode,
      family: backend.family,
      compile: (...args) => backend.compile(...args),
      plan: () => {
        this.#plan = backend.plan();
        return this.#plan;
      },
      nothing: () => backend.nothing(),
      diff: (...args) => backend.diff(...args),
      isEmpty: (changes) => backend.isEmpty(changes),
      format: (changes) => backend.format(changes),
      apply: (changes, until) => {
        this.applied.push(changes);
        return backend.apply(changes, until);
      },
      observe: (until) => backend.observe(until),
      watch: (...args) => backend.watch(...args),
      cleanup: (until) => backend.cleanup(until),
    };
  }
}
