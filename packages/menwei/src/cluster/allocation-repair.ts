/** Looks at the addresses and ports of all Services at the start and then now and again, and mends what can be mended. */
import type { Component } from '../agent/component.ts';
import type { Logger } from '../log/logger.ts';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { pause } from '../scheduling/pause.ts';
import type { Stamp } from './allocation/ip-address.ts';
import { mendAllocation } from './allocation/mend.ts';
import type { PortRange } from './allocation/node-port-pool.ts';
import { type AllocationFault, allocationFaults } from './allocation/repair.ts';
import type { EventRecorder } from './controllers/event-recorder.ts';
import type { Store } from './store/store.ts';

const EVERY_MS = 180_000;

interface RepairOptions {
  readonly store: Store;
  readonly events: EventRecorder;
  readonly nodePorts: PortRange;
  readonly stamp: Stamp;
  readonly logger: Logger;
  /** Names of the components that must have run before: they make the networks of Services. */
  readonly needs: readonly string[];
}

/** Ready after the first look; then every three minutes until the signal fires. */
export function allocationRepair(options: RepairOptions): Component {
  return {
    name: 'allocation-repair',
    needs: options.needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      while (!signal.aborted) {
        await repair(options);
        ready();
        await pause(EVERY_MS, signal);
      }
    },
  };
}

async function repair(options: RepairOptions): Promise<void> {
  const { store, nodePorts, stamp, events, logger } = options;
  const turn = new EventLoopTurn();
  const steps = allocationFaults(store, { nodePorts, nowMs: Date.now() });
  let step = steps.next();
  for (; step.done !== true; step = steps.next()) await turn.rest();
  for (const fault of step.value) {
    const { mend, reason, message } = fault;
    const isThere =
      mend === undefined || (await store.transact((transaction) => mendAllocation(transaction, mend, stamp)));
    if (!isThere) continue;
    logger.warn({ reason, object: nameOf(fault) }, message);
    events.record({
      regarding: regardingOf(fault),
      ...{ type: 'Warning', reason, message, component: 'ipallocator-repair-controller', isStanding: true },
    });
  }
}

/** `Service default/web` */
export function nameOf({ about: { kind, metadata } }: AllocationFault): string {
  const { namespace = '', name = '' } = metadata;
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

function regardingOf({ about: { kind, apiVersion, metadata } }: AllocationFault) {
  const { namespace = '', name = '', uid = '' } = metadata;
  return { kind, apiVersion, namespace, name, uid };
}
