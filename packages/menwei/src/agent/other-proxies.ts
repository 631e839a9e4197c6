/** Other proxies that run on this node beside this one, as far as their processes can be seen. */
import { basename } from 'node:path';
import { type ObservedProcess, observeNeighbours } from '@menwei/kernel/processes.ts';

/** `kube-proxy (pid 1234)`; those in other process namespaces are not seen from a container. */
export async function observeOtherProxies(signal: AbortSignal): Promise<readonly string[]> {
  const found = await observeNeighbours((each) => nameOf(each) !== undefined, signal);
  return found.map((each) => `${nameOf(each)} (pid ${each.pid})`);
}

/** What its user wrote is told by no more than these two names. */
function nameOf({ name, argv }: ObservedProcess): string | undefined {
  if (name === 'kube-proxy') return 'kube-proxy';
  // Node's own name, for its main thread.
  if (!['menwei', 'node', 'MainThread'].includes(name)) return undefined;
  const words = argv();
  return words.includes('run') && words.slice(0, 3).some((word) => basename(word) === 'menwei')
    ? 'menwei'
    : undefined;
}
