/** The network of a node, for benchmarks that need no other hosts. */
import { execFileSync } from 'node:child_process';

/** Loopback, and an interface with addresses, in the network namespace of the calling thread. */
export function makeNode(addresses: readonly string[]): void {
  const ip = (...args: readonly string[]) => execFileSync('ip', args);
  ip('link', 'set', 'lo', 'up');
  ip('link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'eth0-peer');
  for (const address of addresses) {
    ip('address', 'add', address, 'dev', 'eth0', ...(address.includes(':') ? ['nodad'] : []));
  }
  ip('link', 'set', 'eth0', 'up');
  ip('link', 'set', 'eth0-peer', 'up');
}
