/** Other proxies that run on this node beside this one, as far as their processes can be seen. */
import { observeNeighbours } from '@menwei/kernel/processes.ts';
import type { ProxyProgram } from '../backends/leftovers.ts';

const PROGRAMS: readonly string[] = ['menwei', 'kube-proxy'] satisfies readonly ProxyProgram[];

/** `kube-proxy (pid 1234)`; those in other process namespaces are not seen from a container. */
export async function observeOtherProxies(signal: AbortSignal): Promise<readonly string[]> {
  const found = await observeNeighbours(({ name }) => PROGRAMS.includes(name), signal);
  return found.map(({ name, pid }) => `${name} (pid ${pid})`);
}
