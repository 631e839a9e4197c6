/** What went through service ports, by the counters that the kernel keeps of virtual servers in any case. */
import type { Counters, FrontendKey } from '@menwei/netlink/ipvs';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Traffic, TrafficOfPorts } from '../backend.ts';
import type { ServerContent } from './state.ts';

/** @param servers those that are ours; what the kernel counts of others is left out */
export function trafficOfPorts(
  servers: ReadonlyMap<FrontendKey, ServerContent>,
  counters: ReadonlyMap<FrontendKey, Counters>,
): TrafficOfPorts {
  const traffic = new Map<ServicePortKey, Required<Traffic>>();
  for (const [frontend, { servicePort }] of servers) {
    const counted = counters.get(frontend);
    if (counted === undefined) continue;
    const sum = traffic.get(servicePort) ?? { connections: 0, received: 0, sent: 0 };
    traffic.set(servicePort, {
      connections: sum.connections + Number(counted.connections),
      received: sum.received + Number(counted.bytesIn),
      sent: sum.sent + Number(counted.bytesOut),
    });
  }
  return traffic;
}
