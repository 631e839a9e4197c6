/** The virtual servers of a node, as its kernel has them, for people to read. */
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import { formatFrontend, openIpvsClient } from '@menwei/netlink/ipvs';
import type { LabHost } from './host.ts';

const ANSWER_WITHIN_MS = 5_000;

/** A line for each virtual server that is wanted, and one for each of its destinations. Throws KernelError. */
export async function describeVirtualServers(
  host: LabHost,
  family: IpFamily,
  isWanted: (ip: string, port: number) => boolean,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
  using client = host.run(() => openIpvsClient());
  const lines: string[] = [];
  for (const { frontend, scheduler } of await client.observeServers(family, signal)) {
    if ('mark' in frontend || !isWanted(frontend.ip, frontend.port)) continue;
    lines.push(`${formatFrontend(frontend)} ${scheduler}`);
    for (const destination of await client.observeDestinations(frontend, signal)) {
      const { ip, port, forwarding, weight } = destination;
      lines.push(`  -> ${formatHostPort(ip, port)} ${forwarding}, weight ${weight}`);
    }
  }
  return lines;
}
