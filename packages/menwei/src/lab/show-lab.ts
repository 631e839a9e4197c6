/** What is up, as a table. */
import type { ResidentLabStatus } from '@menwei/lab/residence.ts';
import { describeLoadBalancer } from './until-announced.ts';
import { describeProxy } from './until-programmed.ts';

export function printLabStatus({ pid, hosts, proxies, loadBalancers }: ResidentLabStatus): void {
  const width = Math.max(...hosts.map(({ name }) => name.length));
  const addresses = Math.max(...hosts.map((host) => host.addresses.join(' ').length));
  const rows = hosts.map((host) => {
    const proxy = proxies.find(({ node }) => node === host.name);
    const note = proxy === undefined ? (host.isReady === false ? 'not ready' : '') : describeProxy(proxy);
    const columns = [
      host.name.padEnd(width),
      host.kind.padEnd(6),
      host.addresses.join(' ').padEnd(addresses),
    ];
    return [...columns, note].join('  ').trimEnd();
  });
  const reasons = proxies.flatMap(({ node, reasons, logFault }) => [
    ...reasons.map((reason) => `${node}: ${reason}`),
    ...(logFault === undefined ? [] : [`${node}: its log is not complete: ${logFault}`]),
  ]);
  const services = loadBalancers.map(describeLoadBalancer);
  process.stdout.write(`${[...rows, ...services, ...reasons].join('\n')}\nheld by process ${pid}\n`);
}
