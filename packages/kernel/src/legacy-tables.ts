/** Which tables of the legacy iptables there are in the network namespace of the calling thread. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { kernelFiles } from './kernel-file.ts';

/** Without making one, as iptables-save does. Throws KernelError. */
export function observeLegacyTables(family: IpFamily): readonly string[] {
  // Without the file, no table was ever made by anybody.
  const names = kernelFiles.read(`/proc/thread-self/net/${family === 'IPv4' ? 'ip' : 'ip6'}_tables_names`);
  return names?.split('\n').filter(Boolean) ?? [];
}
