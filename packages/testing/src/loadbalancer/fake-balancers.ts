/** A load balancer outside of the cluster, in memory: what the controller asks of an engine. */
import type { Balancers } from 'menwei/loadbalancer/balancer-watch.ts';
import type { ObjectKey } from 'menwei/state/object-key.ts';
import { Mortality } from './mortality.ts';

/** What it has outlives the process that uses it. */
export class FakeBalancers {
  /** What it has, by Service. */
  readonly specs = new Map<ObjectKey, string>();

  /** As one process uses it. */
  openFor(mortality = new Mortality(() => undefined)): Balancers {
    const { specs } = this;
    return {
      put: (wish, signal) =>
        settle(mortality, signal, () => {
          const { service, addresses, nodes } = wish;
          const key = `${service.namespace}/${service.name}`;
          const spec = JSON.stringify([service.uid, addresses, nodes.map(({ name }) => name), service.ports]);
          const isChanged = specs.get(key) !== spec;
          specs.set(key, spec);
          return {
            isChanged,
            ingress: addresses.map((ip) => ({ ip, hostname: '', ipMode: 'Proxy', ports: [] })),
          };
        }),
      remove: (service, signal) =>
        settle(mortality, signal, () => ({ isChanged: specs.delete(service), ingress: [] })),
      look: async (isWanted) => {
        const removed = [...specs.keys()].filter((service) => !isWanted(service));
        for (const service of removed) specs.delete(service);
        return { drifted: new Map(), removed, failures: [], unreachable: [] };
      },
    };
  }
}

type Outcome = Awaited<ReturnType<Balancers['put']>>;
type Done = Pick<Extract<Outcome, { outcome: 'done' }>, 'isChanged' | 'ingress'>;

async function settle(mortality: Mortality, signal: AbortSignal, work: () => Done): Promise<Outcome> {
  try {
    const done = await mortality.step(async () => work(), signal);
    return { outcome: 'done', ...done, portsError: undefined, trouble: undefined };
  } catch {
    const trouble = { reason: 'ProviderError', message: 'the load balancer is away' } as const;
    return { outcome: 'failed', trouble, retryAfterMs: undefined, isPermanent: false };
  }
}
