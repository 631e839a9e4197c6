/** The name servers of resolv.conf(5); what else it says is for resolvers of programs, not for us (dns § 6). */
import { parseUpstream, type UpstreamAddress } from './upstream-address.ts';

export interface NameServers {
  readonly upstreams: readonly UpstreamAddress[];
  /** Of lines that can't be used, with the number of the line. */
  readonly problems: readonly string[];
}

export function parseResolvConf(text: string): NameServers {
  const upstreams: UpstreamAddress[] = [];
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [keyword, value = ''] = line.trim().split(/\s+/);
    if (keyword !== 'nameserver') continue;
    const upstream = parseUpstream(value);
    if (typeof upstream === 'string') problems.push(`line ${index + 1}: nameserver ${upstream}`);
    else upstreams.push(upstream);
  }
  return { upstreams, problems };
}
