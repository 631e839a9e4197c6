/** Which tables of the legacy iptables there are in the network namespace of the calling thread. */
import { readFileSync } from 'node:fs';
import type { IpFamily } from '../addresses/ip.ts';
import { KernelError } from './kernel-error.ts';

/** Without making one, as iptables-save does. Throws KernelError. */
export function observeLegacyTables(family: IpFamily): readonly string[] {
  const path = `/proc/thread-self/net/${family === 'IPv4' ? 'ip' : 'ip6'}_tables_names`;
  try {
    return readFileSync(path, 'utf8').split('\n').filter(Boolean);
  } catch (cause) {
    // No table was ever made, by anybody.
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new KernelError({ operation: 'read', object: path, detail, cause });
  }
}
