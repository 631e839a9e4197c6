/** Reading what ipvsadm, ipset, ip and iptables-save print, one after another. */
import { readChains, withoutNoise } from './iptables-dump.ts';

/** Sets and the interface are made anew under other numbers, and packets are counted, also those of old connections. */
export function withoutIpvsNoise(dump: string): string {
  const lines = withoutNoise(dump)
    .replace(/^(create \S+ \S+).*/gm, '$1')
    .replace(/^\d+: /gm, '')
    .split('\n')
    // The weight of what waits for its last connection to end.
    .filter((line) => !/^-a .* -w 0$/.test(line));
  return inOneLineEach(lines).join('\n');
}

/** `TCP 10.0.0.1:80 -> 10.244.0.11:8080 connections 3`, from what `ipvsadm -Ln --stats` says below a virtual server. */
function inOneLineEach(lines: readonly string[]): readonly string[] {
  let server = '';
  return lines.map((line) => {
    const [, name = '', connections] = /^ *(\S+ +\S+:\d+) +(\d+)(?: +\d+[KMGT]?){4}$/.exec(line) ?? [];
    if (connections === undefined) return line;
    const isDestination = name.startsWith('->');
    if (!isDestination) server = name.replace(/ +/, ' ');
    return `${isDestination ? `${server} ${name}` : server} connections ${connections}`;
  });
}

interface IpvsDump {
  readonly chains: ReturnType<typeof readChains>;
  /** Virtual servers with their destinations, members of sets, addresses: their order means nothing. */
  readonly objects: readonly string[];
}

export function readIpvs(dump: string): IpvsDump {
  const isRule = (line: string): boolean => /^([*:]|COMMIT$|-A [A-Z])/.test(line);
  const lines = dump.split('\n');
  return {
    chains: readChains(lines.filter(isRule).join('\n')),
    objects: lines.filter((line) => !isRule(line)).sort(),
  };
}
