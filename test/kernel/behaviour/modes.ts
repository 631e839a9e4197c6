/**
 * The modes that the behaviour suite holds to the same promises. A new mode is a new entry in the table: what a Service
 * must do is not written again.
 */
import { dirname } from 'node:path';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { isShared, readChains, withoutNoise } from './iptables-dump.ts';
import { readIpvs, withoutIpvsNoise } from './ipvs-dump.ts';
import { readObjects, withElementLines } from './nft-dump.ts';
import type { Identity } from './offer.ts';

/** A program and its arguments, run inside a node. */
export type Command = readonly [file: string, ...args: readonly string[]];

/** How to see all that a mode keeps in the kernel. */
interface Dump {
  readonly commands: readonly Command[];
  /** The same with packet counts, which a rule that is written anew has lost. */
  readonly countedCommands: readonly Command[];
  /** The text without what changes by itself. */
  readonly clean: (text: string) => string;
  /** The text as data in which only what matters has an order. */
  readonly read: (text: string) => unknown;
  /** An endpoint as the dump writes it, where the kernel knows endpoints. */
  readonly formatEndpoint: (ip: string, port: number) => string;
  /** Matches the lines that are about a Service. */
  readonly mention: (service: Identity) => RegExp;
  /** Whether a line is about all Services, so that it may be written anew when another Service changes. */
  readonly isShared: (line: string) => boolean;
}

/** How somebody else could destroy what the proxy has programmed. */
interface Flush {
  readonly title: string;
  readonly commands: readonly Command[];
}

export interface Mode {
  readonly name: string;
  /** What `menwei run` is told beside what all modes are told. */
  readonly flags: readonly string[];
  /** Programs that the proxy finds first, by name: their files. */
  readonly tools: Readonly<Record<string, string>>;
  /** Every Service is an address of the node more; an SCTP client of the node has room for some 70 in its first packet. */
  readonly gathersAddresses: boolean;
  /** Pods get connections in turn, not by chance. */
  readonly takesTurns: boolean;
  /** NodePorts answer at 127.0.0.1. */
  readonly answersLocalhost: boolean;
  /** Its rules let health checks through where other rules of the same table drop them. */
  readonly acceptsHealthChecks: boolean;
  /** Pods may see who asks; where they don't, connections to them are the node's that forwards. */
  readonly showsClients: boolean;
  readonly forwardsSctp: boolean;
  /** Where the proxy finds programs beside these; the PATH of the tests if the mode does not care. */
  readonly path: string | undefined;
  readonly dump: Dump;
  readonly flushes: readonly Flush[];
  /** Promises that this mode cannot keep: the name of the test, and why. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const TOOLS = ['iptables', 'ip6tables'];
const TABLES = ['filter', 'nat', 'mangle'];

/** A command for every family and table. */
function inAllTables(command: (tool: string, table: string) => Command): readonly Command[] {
  return TOOLS.flatMap((tool) => TABLES.map((table) => command(tool, table)));
}

function byName({ namespace, name }: Identity): RegExp {
  return new RegExp(`\\b${namespace}/${name}\\b`);
}

const IPTABLES_DUMP: Dump = {
  commands: inAllTables((tool, table) => [`${tool}-save`, '-t', table]),
  countedCommands: inAllTables((tool, table) => [`${tool}-save`, '-c', '-t', table]),
  clean: withoutNoise,
  read: readChains,
  formatEndpoint: formatHostPort,
  mention: byName,
  isShared,
};

const NO_WEIGHTS = 'iptables mode has no weights; it has a warning (proxy/passed-over.test.ts)';

const IPTABLES_FLUSHES: readonly Flush[] = [
  {
    title: 'the nat tables are flushed',
    commands: TOOLS.map((tool): Command => [tool, '-w', '-t', 'nat', '-F']),
  },
  {
    title: 'every chain of every table is flushed and deleted',
    commands: [
      ...inAllTables((tool, table) => [tool, '-w', '-t', table, '-F']),
      ...inAllTables((tool, table) => [tool, '-w', '-t', table, '-X']),
    ],
  },
];

function iptables(variant: 'nft' | 'legacy'): Mode {
  const programs = TOOLS.flatMap((tool) => [tool, `${tool}-save`, `${tool}-restore`]);
  return {
    name: `iptables-${variant}`,
    flags: ['--proxy-mode=iptables'],
    tools: Object.fromEntries(programs.map((name) => [name, `/usr/sbin/xtables-${variant}-multi`])),
    gathersAddresses: false,
    takesTurns: false,
    answersLocalhost: true,
    acceptsHealthChecks: true,
    showsClients: true,
    forwardsSctp: true,
    path: undefined,
    dump: IPTABLES_DUMP,
    flushes: IPTABLES_FLUSHES,
    exceptions: {
      'give each pod its share, also when they change, of TCP': NO_WEIGHTS,
      'give each pod its share, also when they change, of UDP': NO_WEIGHTS,
      'begin with a tenth when a pod comes back, with slow start': NO_WEIGHTS,
      'grow with slow start to all that a pod is to have': NO_WEIGHTS,
    },
  };
}

/** Connections end with the process that they go through, and no other takes them over. */
const NOBODY_FORWARDS = 'connections go through the proxy, so nothing answers while it is away';

const userspace: Mode = {
  ...iptables('nft'),
  name: 'userspace',
  flags: ['--proxy-mode=userspace'],
  takesTurns: true,
  // All of its chains are shared, and those with few rules are written anew.
  dump: { ...IPTABLES_DUMP, isShared: (line) => isShared(line) || /-A KUBE-NODEPORT-/.test(line) },
  showsClients: false,
  // Node has no sockets for it.
  forwardsSctp: false,
  exceptions: {
    'shows the pod the client’s own address': 'the pod’s connection comes from the node that forwards',
    'a restart breaks no connection': NOBODY_FORWARDS,
    'Services go on while the proxy is away': NOBODY_FORWARDS,
    'go on while the proxy is away': NOBODY_FORWARDS,
  },
};

const NFT = '/usr/sbin/nft';
const NFT_TABLES = ['ip', 'ip6'].map((family) => [family, 'menwei'] as const);

/** A command for the table of every family. */
function inBothFamilies(...words: readonly string[]): readonly Command[] {
  return NFT_TABLES.map((table): Command => [NFT, ...words, ...table]);
}

const nftables: Mode = {
  name: 'nftables',
  flags: ['--proxy-mode=nftables'],
  tools: {},
  gathersAddresses: false,
  takesTurns: false,
  answersLocalhost: false,
  // What one table accepts, another may still drop (spec § 5.8).
  acceptsHealthChecks: false,
  showsClients: true,
  forwardsSctp: true,
  // The proxy has to do without nft.
  path: `${dirname(process.execPath)}:/usr/bin:/bin`,
  dump: {
    commands: inBothFamilies('list', 'table'),
    countedCommands: inBothFamilies('-a', 'list', 'table'),
    clean: withElementLines,
    read: readObjects,
    formatEndpoint: (ip, port) => `${ip} . ${port}`,
    mention: byName,
    // Every element is about one Service, and rules are about none.
    isShared: () => false,
  },
  flushes: [
    { title: 'the tables are deleted', commands: inBothFamilies('delete', 'table') },
    { title: 'the tables are flushed', commands: inBothFamilies('flush', 'table') },
    { title: 'all that nft knows is flushed', commands: [[NFT, 'flush', 'ruleset']] },
    {
      title: 'the maps of endpoints are emptied',
      commands: inBothFamilies('flush', 'map').map((command): Command => [...command, 'endpoints']),
    },
  ],
  exceptions: {},
};

const DEVICE = 'kube-ipvs0';

/** Deletes what `ipvsadm -Sn` lists as destinations, one by one. */
const DELETE_DESTINATIONS = String.raw`ipvsadm -Sn | sed -n 's/^-a \(.* -r [^ ]*\) .*/ipvsadm -d \1/p' | sh -e`;

const ipvs: Mode = {
  name: 'ipvs',
  flags: ['--proxy-mode=ipvs', '--ipvs-required'],
  tools: {},
  gathersAddresses: true,
  takesTurns: true,
  answersLocalhost: false,
  acceptsHealthChecks: true,
  showsClients: true,
  forwardsSctp: true,
  path: undefined,
  dump: {
    commands: [
      ['ipvsadm', '-Sn'],
      ['ipset', 'save'],
      ['ip', '-o', 'address', 'show', 'dev', DEVICE],
      ...inAllTables((tool, table) => [`${tool}-save`, '-t', table]),
    ],
    // The kernel adds its counters up every two seconds.
    countedCommands: [
      ['sleep', '5'],
      ['ipvsadm', '-Ln', '--stats'],
    ],
    clean: withoutIpvsNoise,
    read: readIpvs,
    formatEndpoint: formatHostPort,
    mention: ({ clusterIP, nodePort }) => new RegExp(`^\\S+ \\[?${clusterIP}\\]?:|^\\S+ \\S+:${nodePort} `),
    // Every virtual server is about one Service, and rules are about none.
    isShared: () => false,
  },
  flushes: [
    { title: 'the virtual servers are deleted', commands: [['ipvsadm', '-C']] },
    { title: 'the destinations are deleted', commands: [['sh', '-ec', DELETE_DESTINATIONS]] },
    { title: 'the sets are emptied', commands: [['ipset', 'flush']] },
    {
      title: 'the nat tables are flushed',
      commands: TOOLS.map((tool): Command => [tool, '-w', '-t', 'nat', '-F']),
    },
    {
      title: 'every chain of every table is flushed and deleted, and every set',
      commands: [
        ...inAllTables((tool, table) => [tool, '-w', '-t', table, '-F']),
        ...inAllTables((tool, table) => [tool, '-w', '-t', table, '-X']),
        ['ipset', 'destroy'],
      ],
    },
    { title: 'the addresses are deleted', commands: [['ip', 'address', 'flush', 'dev', DEVICE]] },
    { title: 'the device is deleted', commands: [['ip', 'link', 'delete', DEVICE]] },
  ],
  exceptions: {
    'ends when a client stays away for longer than the timeout':
      'the kernel keeps a client with its pod while it remembers connections of it, for minutes after their end',
  },
};

const ON_MACHINE: readonly Mode[] = [nftables, iptables('nft'), iptables('legacy'), userspace];
const WITH_IPVS: readonly Mode[] = [ipvs];

export const ALL_MODES: readonly Mode[] = [...ON_MACHINE, ...WITH_IPVS];

/** Those that the project of vitest.config.ts is about. */
export const MODES: readonly Mode[] = process.env.MENWEI_TEST_MODES === 'ipvs' ? WITH_IPVS : ON_MACHINE;
