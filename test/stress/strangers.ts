/** Things of others, which no proxy may touch, and the harm that others do to what is ours. */

import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import type { ProxyMode } from 'menwei/config/settings.ts';
import type { Dice } from './dice.ts';
import { Snapshot } from './dump.ts';
import { tool } from './site.ts';
import { externalIP } from './world.ts';

const XTABLES = ['iptables', 'ip6tables'] as const;
type Xtables = (typeof XTABLES)[number];

export interface Thing {
  readonly name: string;
  /** False: it can't be there now. */
  readonly put: () => boolean | Promise<boolean>;
  readonly take: () => void | Promise<void>;
  /** How it is now; empty: not there. */
  readonly look: (node: Snapshot) => string;
}

/** The things of others that there may be beside a proxy of this mode. */
export function thingsBeside(mode: ProxyMode): readonly Thing[] {
  if (mode === 'nftables') return (['ip', 'ip6'] as const).map(nftTable);
  const rules = XTABLES.flatMap((tools) => [filterRules(tools), natRules(tools)]);
  if (mode === 'userspace') return [...rules, squatter(40_007), squatter(40_033)];
  if (mode !== 'ipvs') return rules;
  return [
    ...rules,
    virtualServer(`${externalIP('IPv4', 77)}:8080`),
    virtualServer(`[${externalIP('IPv6', 77)}]:8080`),
    ...[1, 2].map((number) => virtualServer(`${externalIP('IPv4', number)}:8443`)),
    ...[1, 2].map((number) => virtualServer(`[${externalIP('IPv6', number)}]:8443`)),
    ipSet(),
    address(),
  ];
}

/** Those that a proxy of this mode wants to have itself. */
export function contestedThings(mode: ProxyMode): readonly Thing[] {
  if (mode !== 'ipvs') return [];
  return [1, 2, 3].flatMap((number) => [
    virtualServer(`${externalIP('IPv4', number)}:80`),
    virtualServer(`[${externalIP('IPv6', number)}]:80`),
  ]);
}

function restore(tools: string, table: string, ...lines: readonly string[]): void {
  tool(`${tools}-restore`, ['-w', '5', '--noflush'], `*${table}\n${lines.join('\n')}\nCOMMIT\n`);
}

function rulesThing(tools: Xtables, table: string, chain: string, jumpFrom: string, rule: string): Thing {
  const jump = `${jumpFrom} -p tcp -m tcp --dport 9999 -j ${chain}`;
  return {
    name: `${tools} ${chain}`,
    put: () => {
      restore(tools, table, `:${chain} - [0:0]`, `-A ${chain} ${rule}`, `-I ${jump}`);
      return true;
    },
    take: () => restore(tools, table, `-D ${jump}`, `-F ${chain}`, `-X ${chain}`),
    look: (node) => {
      const own = new RegExp(`^${tools} ${table} .*[ :]${chain}( |$)`);
      return node
        .rules(tools)
        .filter((line) => own.test(line))
        .join('\n');
    },
  };
}

const filterRules = (tools: Xtables) => rulesThing(tools, 'filter', 'OTHER', 'INPUT', '-j DROP');
/** Called as ours are. */
const natRules = (tools: Xtables) => rulesThing(tools, 'nat', 'KUBE-OTHER', 'PREROUTING', '-j RETURN');

function nftTable(family: 'ip' | 'ip6'): Thing {
  const script = `table ${family} other { chain out { type filter hook output priority 0; tcp dport 9999 drop; }; }`;
  return {
    name: `nft ${family} other`,
    put: () => {
      tool('nft', ['-f', '-'], script);
      return true;
    },
    take: () => void tool('nft', ['delete', 'table', family, 'other']),
    look: (node) => {
      const own = new RegExp(`"family":"${family}",("name"|.*"table"):"other"`);
      return node
        .objects()
        .filter((line) => own.test(line))
        .join('\n');
    },
  };
}

function virtualServer(frontend: string): Thing {
  const destination = frontend.startsWith('[') ? '[fd00:99::1]:99' : '192.0.2.99:99';
  const look = (node: Snapshot) => {
    const lines = node.servers();
    return lines.filter((line) => line.includes(` ${frontend} `)).join('\n');
  };
  return {
    name: `virtual server ${frontend}`,
    put: () => {
      if (look(new Snapshot()) !== '') return false;
      tool('ipvsadm', ['-R'], `-A -t ${frontend} -s wlc\n-a -t ${frontend} -r ${destination} -m -w 9\n`);
      return true;
    },
    take: () => void tool('ipvsadm', ['-D', '-t', frontend]),
    look,
  };
}

function ipSet(): Thing {
  return {
    name: 'ipset OTHER',
    put: () => {
      tool('ipset', ['restore'], 'create OTHER hash:ip\nadd OTHER 192.0.2.1\n');
      return true;
    },
    take: () => void tool('ipset', ['destroy', 'OTHER']),
    look: (node) =>
      node
        .sets()
        .filter((line) => / OTHER /.test(line))
        .join('\n'),
  };
}

function address(): Thing {
  const ip = `${externalIP('IPv4', 150)}/32`;
  return {
    name: `address ${ip}`,
    put: () => {
      tool('ip', ['address', 'add', ip, 'dev', 'lo']);
      return true;
    },
    take: () => void tool('ip', ['address', 'del', ip, 'dev', 'lo']),
    look: (node) => (node.addresses().some((line) => line.includes(` ${ip}`)) ? ip : ''),
  };
}

/** Somebody who listens where relays might. */
function squatter(port: number): Thing {
  let server: Server | undefined;
  return {
    name: `listener ${port}`,
    put: async () => {
      const fresh = createServer((socket) => socket.destroy());
      fresh.listen(port, '0.0.0.0');
      const listens = await once(fresh, 'listening').then(
        () => true,
        () => false,
      );
      if (listens) server = fresh;
      return listens;
    },
    take: async () => {
      const closing = server;
      server = undefined;
      if (closing === undefined) return;
      closing.close();
      await once(closing, 'close');
    },
    look: () => (server?.listening === true ? `listens on ${port}` : ''),
  };
}

/** Does harm to what a proxy of this mode has made, and returns what. */
export function harm(mode: ProxyMode, dice: Dice): string {
  if (mode === 'nftables') return harmTable(dice);
  if (mode === 'ipvs' && dice.chance(0.7)) return dice.pick(IPVS_HARM)(dice);
  return harmRules(dice);
}

/** Takes one of our rules away, a jump to our chains among them, or all of a chain. */
function harmRules(dice: Dice): string {
  const tools = dice.pick(XTABLES);
  const ours = new Snapshot().rules(tools).flatMap((line) => {
    const [, table, rule] = /^\S+ (\S+) -A (.*)$/.exec(line) ?? [];
    return table === undefined || rule === undefined || !rule.includes('KUBE-') ? [] : [{ table, rule }];
  });
  const own = ours.filter(({ rule }) => !/OTHER/.test(rule));
  if (own.length === 0) return 'nothing';
  const { table, rule } = dice.pick(own);
  const chain = rule.split(' ')[0] ?? '';
  const edit = chain.startsWith('KUBE-') && dice.chance(0.5) ? `-F ${chain}` : `-D ${rule}`;
  restore(tools, table, edit);
  return `${tools} -t ${table} ${edit}`;
}

function harmTable(dice: Dice): string {
  const tables = tool('nft', ['list', 'tables'])
    .split('\n')
    .filter((line) => line !== '' && !line.endsWith(' other'));
  if (tables.length === 0) return 'nothing';
  const [, family = '', name = ''] = dice.pick(tables).split(' ');
  if (dice.chance(0.3)) return nft('delete', 'table', family, name);
  const lines = tool('nft', ['-s', '-t', 'list', 'table', family, name]).split('\n');
  const parts = lines.flatMap((line) => {
    const [, kind, part] = /^\t(chain|map|set) (\S+) \{/.exec(line) ?? [];
    return kind === undefined || part === undefined ? [] : [{ kind, part }];
  });
  if (parts.length === 0) return 'nothing';
  const { kind, part } = dice.pick(parts);
  return nft('flush', kind, family, name, part);
}

function nft(...args: readonly string[]): string {
  tool('nft', args);
  return `nft ${args.join(' ')}`;
}

/** Virtual servers of ours: those on addresses of Services or on their ports of the node. */
function ownServers(): readonly string[] {
  const lines = new Snapshot().servers().map((line) => /^-A (-[tu] \S+) -s (?!wlc)/.exec(line)?.[1]);
  return lines.filter((server) => server !== undefined);
}

const IPVS_HARM: readonly ((dice: Dice) => string)[] = [
  (dice) => {
    const servers = ownServers();
    return servers.length === 0 ? 'nothing' : ipvsadm(['-D', ...dice.pick(servers).split(' ')]);
  },
  (dice) => {
    const real = [...tool('ipvsadm', ['-S', '-n']).matchAll(/^-a (-[tu] \S+) -r (\S+) /gm)].filter(
      ([line]) => !line.includes(':99 '),
    );
    if (real.length === 0) return 'nothing';
    const [, server = '', destination = ''] = dice.pick(real);
    const how = dice.chance(0.5) ? ['-d'] : ['-e'];
    const more = how[0] === '-e' ? ['-m', '-w', '7'] : [];
    return ipvsadm([...how, ...server.split(' '), '-r', destination, ...more]);
  },
  (dice) => {
    const names = tool('ipset', ['list', '-n']).split('\n');
    const ours = names.filter((name) => /^(KUBE|MENWEI)-/.test(name));
    if (ours.length === 0) return 'nothing';
    const name = dice.pick(ours);
    tool('ipset', ['flush', name]);
    return `ipset flush ${name}`;
  },
  (dice) => {
    const held = tool('ip', ['-o', 'address']).matchAll(/kube-ipvs0 +inet6? (\S+) scope global/g);
    const ips = Array.from(held, ([, ip = '']) => ip);
    if (ips.length === 0) return 'nothing';
    const ip = dice.pick(ips);
    tool('ip', ['address', 'del', ip, 'dev', 'kube-ipvs0']);
    return `ip address del ${ip}`;
  },
  () => {
    tool('ip', ['link', 'delete', 'kube-ipvs0']);
    return 'ip link delete kube-ipvs0';
  },
];

function ipvsadm(args: readonly string[]): string {
  tool('ipvsadm', args);
  return `ipvsadm ${args.join(' ')}`;
}
