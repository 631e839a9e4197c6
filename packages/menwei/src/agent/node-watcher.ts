/** Whether the node can be served as it is, looked at whenever it may have changed. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { NodeLog } from '../proxy/node-log.ts';
import type { NodeState } from '../proxy/node-state.ts';
import { NodeWarnings, type ObservedNode } from '../proxy/node-warnings.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { findUnservable, type Unserved } from '../setup/backends.ts';
import { UserError } from '../setup/failure.ts';
import type { MachineAddresses } from '../setup/machine-addresses.ts';
import type { Component } from './component.ts';
import { Consistency } from './consistency.ts';
import { PodCIDRs } from './pod-cidrs.ts';

interface NodeWatcherOptions {
  readonly settings: Settings;
  readonly node: NodeState;
  readonly served: readonly IpFamily[];
  readonly unserved: Unserved;
  readonly logger: Logger;
}

export class NodeWatcher {
  readonly #node: NodeState;
  readonly #unserved: Unserved;
  readonly #log: NodeLog;
  readonly #warnings: NodeWarnings;
  readonly #podCIDRs: PodCIDRs;
  readonly #consistency: Consistency;
  #isSettled = false;
  readonly #unservable = Promise.withResolvers<never>();

  constructor({ settings, node, served, unserved, logger }: NodeWatcherOptions) {
    this.#consistency = new Consistency({ settings, node, served, logger });
    this.#podCIDRs = new PodCIDRs(node);
    this.#node = node;
    this.#unserved = unserved;
    this.#log = new NodeLog(node, logger);
    this.#warnings = new NodeWarnings(observedBy(node, unserved), logger);
    // Whoever runs the component is told.
    this.#unservable.promise.catch(() => undefined);
  }

  /** Ends the process, for a reason that a start later may mend. */
  fail(reason: string): void {
    this.#unservable.reject(new UserError(reason));
  }

  /** To be called when a Node object is no longer waited for. */
  settled(): void {
    this.#isSettled = true;
    this.#log.settled();
    this.look();
  }

  /** To be called when the Node object has changed. */
  look(): void {
    this.#log.update();
    this.#warnings.update();
    const failure = findUnservable(this.#node, this.#unserved);
    if (failure !== undefined) this.#unservable.reject(failure);
    const moved = this.#podCIDRs.look();
    if (moved !== undefined) this.fail(moved);
    // Before that, what is missing may still come.
    const contradiction = this.#isSettled ? this.#consistency.look() : undefined;
    if (contradiction !== undefined) this.fail(contradiction);
  }

  /** Fails when nothing of what the node has can be served, and the process with it. */
  support(): Component {
    return {
      name: 'node-support',
      onFailure: 'end the process',
      run: async (signal, ready) => {
        this.look();
        ready();
        await Promise.race([untilAborted(signal), this.#unservable.promise]);
      },
    };
  }

  /** Follows the addresses of the machine. */
  addresses(addresses: MachineAddresses, changed: () => void): Component {
    return {
      name: 'node-addresses',
      onFailure: 'restart',
      run: async (signal, ready) => {
        const following = addresses.follow(() => {
          this.#log.update();
          this.#warnings.update();
          changed();
        }, signal);
        ready();
        await following;
      },
    };
  }
}

/** Of a family that is not proxied there is nothing to say but that. */
function observedBy(node: NodeState, unserved: Unserved): ObservedNode {
  return {
    nodePortObstacle: (family) => (unserved.has(family) ? undefined : node.nodePortObstacle(family)),
    addressObstacle: (family) => (unserved.has(family) ? undefined : node.addressObstacle(family)),
    supportObstacle: (family) => (node.families.includes(family) ? unserved.get(family)?.message : undefined),
  };
}
