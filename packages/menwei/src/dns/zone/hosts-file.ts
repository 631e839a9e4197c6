/** A hosts file as an index: addresses by name, names by address (hosts(5)). */
import { parseIp } from '@menwei/addresses/ip.ts';
import { encodeName } from '../wire/name.ts';

export interface HostsIndex {
  /** Canonical addresses by name, as in `Question.name`; both in the order of the file. */
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly names: ReadonlyMap<string, readonly string[]>;
  /** Of lines that are of no use, with the number of the line. */
  readonly problems: readonly string[];
}

export function parseHosts(text: string): HostsIndex {
  const addresses = new Map<string, string[]>();
  const names = new Map<string, string[]>();
  const problems: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const [address, ...hosts] = line.replace(/#.*/s, '').trim().split(/\s+/);
    if (address === undefined || address === '') continue;
    // Of a link-local address only the machine itself knows the link, so it is of no use to others.
    if (address.includes('%')) continue;
    const ip = parseIp(address);
    const wrong = ip === undefined ? address : hosts.find((host) => hostName(host) === undefined);
    if (wrong !== undefined) problems.push(`line ${index + 1}: ${JSON.stringify(wrong)} ${what(ip)}`);
    if (ip === undefined) continue;
    for (const name of hosts.map(hostName)) {
      if (name === undefined) continue;
      add(addresses, name, ip);
      add(names, ip, name);
    }
  }
  return { addresses, names, problems };
}

function what(ip: string | undefined): string {
  return ip === undefined ? 'is not an IP address' : 'is not a host name';
}

function hostName(text: string): string | undefined {
  const name = text.toLowerCase().replace(/\.$/, '');
  const isName = /^[\x21-\x5b\x5d-\x7e]+$/.test(name) && encodeName(name) !== undefined;
  return isName ? name : undefined;
}

function add(map: Map<string, string[]>, key: string, value: string): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else if (!values.includes(value)) values.push(value);
}
