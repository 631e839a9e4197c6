/** HAProxy as a part of the process: an engine for the controller, and what has to run beside it. */
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { Component } from '../../agent/component.ts';
import type { Logger } from '../../log/logger.ts';
import { UserError } from '../../setup/failure.ts';
import type { Balancers } from '../balancer-watch.ts';
import { BalancerEngine } from '../providers/balancer-engine.ts';
import { openHAProxy } from '../providers/haproxy/open-haproxy.ts';
import { HAPROXY_CLASS, type HAProxyOptions } from './haproxy-options.ts';

interface StartedHAProxy extends Disposable {
  readonly components: readonly Component[];
  readonly balancers: ReadonlyMap<string, Balancers>;
}

/** Throws UserError when what the operator has said can't be. */
export function startHAProxy(options: HAProxyOptions | undefined, logger: Logger): StartedHAProxy {
  if (options === undefined)
    return { components: [], balancers: new Map(), [Symbol.dispose]: () => undefined };
  const tools = startToolRunner();
  const opened = openHAProxy(options.haproxy, { tools, logger });
  if (typeof opened === 'string') throw new UserError(opened, 2);
  return {
    components: [
      {
        name: 'haproxy',
        onFailure: 'restart',
        run: async (signal, ready) => {
          ready();
          await opened.run(signal);
        },
      },
    ],
    balancers: new Map([[HAPROXY_CLASS, new BalancerEngine(opened.provider, options.requests)]]),
    [Symbol.dispose]: () => tools.close(),
  };
}
