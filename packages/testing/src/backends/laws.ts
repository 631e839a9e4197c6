/**
 * The laws of the contract (see backend.ts), the same for every mode, on whatever kernel a mode is given: the fake and
 * the real one pass the same suite. Only tests import this file.
 */

import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import fc from 'fast-check';
import type { Backend, Plan, Rules, StateChange } from 'menwei/backends/backend.ts';
import { atOnce } from 'menwei/scheduling/steps.ts';
import { describe, expect, it } from 'vitest';
import { changedPorts, histories, type World, worlds } from '../services/arbitraries.ts';

const signal = new AbortController().signal;

/** Brings a plan from one world to another, and returns what that means. */
export function updatePlan<Unit, State, Changes>(
  rules: Rules<Unit, State, Changes>,
  plan: Plan<Unit, State>,
  from: World | undefined,
  to: World,
): StateChange<State> {
  const changed = changedPorts(from ?? { node: to.node, ports: new Map() }, to);
  const units = [...changed].map(([key, port]) => {
    return [key, port === undefined ? undefined : rules.compile(port, to.node, plan.unit(key))] as const;
  });
  return plan.update(to.node, new Map(units));
}

/** Makes a plan of a world, which was never anything else. */
export function fillPlan<Unit, State, Changes, P extends Plan<Unit, State>>(
  rules: { plan(): P } & Rules<Unit, State, Changes>,
  world: World,
): P {
  const plan = rules.plan();
  updatePlan(rules, plan, undefined, world);
  return plan;
}

/** Makes the kernel hold a plan, whatever it holds: a restart, or a repair. */
export async function install<Unit, State, Changes>(
  backend: Backend<Unit, State, Changes>,
  plan: Plan<Unit, State>,
): Promise<void> {
  const changes = await compare(backend, plan);
  if (!backend.isEmpty(changes)) await backend.apply(changes, signal);
}

/** What would still have to change, as text. */
export async function remainder<Unit, State, Changes>(
  backend: Backend<Unit, State, Changes>,
  plan: Plan<Unit, State>,
): Promise<string> {
  return backend.format(await compare(backend, plan));
}

async function compare<Unit, State, Changes>(
  backend: Backend<Unit, State, Changes>,
  plan: Plan<Unit, State>,
): Promise<Changes> {
  const observed = await backend.observe(signal);
  atOnce(plan.settle(observed));
  return backend.diff(observed, plan.complete());
}

/** A mode, and the kernel that it is held to the laws on. */
export interface LawfulMode<Kernel, Unit, State, Changes> {
  /** One that holds nothing of ours. */
  readonly openKernel: (family: IpFamily) => Promise<Kernel>;
  readonly openBackend: (kernel: Kernel, family: IpFamily) => Backend<Unit, State, Changes>;
  /** How many random cases each law is tried on, and which. */
  readonly runs: { readonly numRuns: number; readonly seed?: number };
}

export function describeLaws<Kernel, Unit, State, Changes>(
  title: string,
  { openKernel, openBackend, runs }: LawfulMode<Kernel, Unit, State, Changes>,
): void {
  describe.each(IP_FAMILIES)(`${title} keeps the laws, %s`, (family) => {
    const open = async () => openBackend(await openKernel(family), family);

    it('observes what was applied: nothing is left to change', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (world) => {
          const backend = await open();
          const plan = fillPlan(backend, world);
          await install(backend, plan);
          expect(await remainder(backend, plan)).toBe('');
        }),
        runs,
      );
    });

    it('has nothing to change when it starts again, whatever comes first', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), async (world) => {
          const backend = await open();
          await install(backend, fillPlan(backend, world));
          const again = fillPlan(backend, { ...world, ports: new Map([...world.ports].reverse()) });
          expect(await remainder(backend, again)).toBe('');
        }),
        runs,
      );
    });

    it('knows after single changes what the kernel holds', async () => {
      await fc.assert(
        fc.asyncProperty(histories(family), async (history) => {
          const backend = await open();
          const plan = backend.plan();
          await install(backend, plan);
          for (const [index, world] of history.entries()) {
            const { before, after } = updatePlan(backend, plan, history[index - 1], world);
            const changes = backend.diff(before, after);
            if (!backend.isEmpty(changes)) await backend.apply(changes, signal);
          }
          expect(await remainder(backend, plan)).toBe('');
        }),
        runs,
      );
    });

    it('turns the rules of any other world into its own', async () => {
      await fc.assert(
        fc.asyncProperty(worlds(family), worlds(family), async (before, after) => {
          const backend = await open();
          await install(backend, fillPlan(backend, before));
          const plan = fillPlan(backend, after);
          await install(backend, plan);
          expect(await remainder(backend, plan)).toBe('');
        }),
        runs,
      );
    });
  });
}

/** The laws of the half of a mode that needs no kernel. */
export function describePureLaws<Unit, State, Changes>(
  title: string,
  rulesOf: (family: IpFamily) => Rules<Unit, State, Changes>,
): void {
  describe.each(IP_FAMILIES)(`the pure half of ${title}, %s`, (family) => {
    const rules = rulesOf(family);

    it('compiles the same service port twice to the same unit', () => {
      fc.assert(
        fc.property(worlds(family), ({ node, ports }) => {
          for (const port of ports.values()) {
            const unit = rules.compile(port, node);
            expect(rules.compile(structuredClone(port), node)).toEqual(unit);
            expect(rules.compile(port, node, unit)).toEqual(unit);
          }
        }),
      );
    });

    it('finds no difference between equal states', () => {
      fc.assert(
        fc.property(worlds(family), (world) => {
          const changes = rules.diff(fillPlan(rules, world).complete(), fillPlan(rules, world).complete());
          expect(rules.isEmpty(changes)).toBe(true);
        }),
      );
    });

    it('has nothing to do where there is nothing and shall be nothing', () => {
      expect(rules.isEmpty(rules.diff(rules.nothing(), rules.nothing()))).toBe(true);
    });

    it('changes nothing for what is as it was', () => {
      fc.assert(
        fc.property(worlds(family), (world) => {
          const plan = fillPlan(rules, world);
          const { before, after } = updatePlan(rules, plan, undefined, world);
          expect(rules.isEmpty(rules.diff(before, after))).toBe(true);
        }),
      );
    });
  });
}

/** A backend on a kernel that fails now and then, until it is told to stop. */
interface FaultyBackend<Unit, State, Changes> {
  readonly backend: Backend<Unit, State, Changes>;
  readonly stopFaults: () => void;
}

export function describeFaultLaws<Unit, State, Changes>(
  title: string,
  open: (family: IpFamily, seed: number) => FaultyBackend<Unit, State, Changes>,
): void {
  it.each(IP_FAMILIES)(
    `${title} comes through faults with the rules of the last world, %s`,
    async (family) => {
      await fc.assert(
        fc.asyncProperty(histories(family), fc.nat(), async (history, seed) => {
          const { backend, stopFaults } = open(family, seed);
          const plan = backend.plan();
          for (const [index, world] of history.entries()) {
            updatePlan(backend, plan, history[index - 1], world);
            await install(backend, plan).catch(() => undefined);
          }
          stopFaults();
          await install(backend, plan);
          expect(await remainder(backend, plan)).toBe('');
        }),
      );
    },
  );
}
