/** Other proxies that run on this node beside this one, as far as their processes can be seen. */
import { type ObservedProcess, observeNeighbours, programsOf } from '@menwei/kernel/processes.ts';

/** `kube-proxy (pid 1234)`; those in other process namespaces are not seen from a container. */
export async function observeOtherProxies(signal: AbortSignal): Promise<readonly string[]> {
  const found = await observeNeighbours((each) => nameOf(each) !== undefined, signal);
  return found.map((each) => `${nameOf(each)} (pid ${each.pid})`);
}

/** What its user wrote is told by no more than these two names. */
function nameOf(process: ObservedProcess): string | undefined {
  const programs = programsOf(process);
  if (programs.includes('kube-proxy')) return 'kube-proxy';
  return programs.includes('menwei') && process.argv.includes('run') ? 'menwei' : undefined;
}
