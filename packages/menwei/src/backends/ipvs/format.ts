/**
 * Changes as text for the real tools, part by part: taken in their order, they make what the backend would make over
 * netlink.
 */
import { familyOf, formatHostPort } from '@menwei/addresses/ip.ts';
import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { SetShape } from '@menwei/netlink/ipset';
import {
  type Destination,
  type ForwardingMethod,
  type Frontend,
  SERVER_ONE_PACKET,
  SERVER_PERSISTENT,
  SERVER_SCHEDULER_FALLBACK,
  SERVER_SCHEDULER_PORT,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import type { DestinationChange, IpvsChanges } from './changes.ts';
import { DEVICE } from './names.ts';
import type { SetContent } from './state.ts';

interface Section {
  readonly header: string;
  readonly reader: string;
  readonly lines: readonly string[];
}

/** Sections in the order in which they are to be read; one without anything to do is left out. */
export function formatChanges(changes: IpvsChanges): string {
  const sections: readonly Section[] = [
    { header: 'ip', reader: 'ip -force -batch -', lines: linkLines(changes) },
    { header: 'ipset', reader: 'ipset restore', lines: setLines(changes) },
    {
      header: 'iptables',
      reader: 'iptables-restore --noflush, or ip6tables-restore --noflush for IPv6',
      lines: [formatScript([...changes.rules, ...changes.lastRules])],
    },
    {
      header: 'ipvs',
      reader:
        "grep -v '^#' | ipvsadm -R; ipvsadm-restore takes them too, but removes all virtual servers first",
      lines: serverLines(changes),
    },
  ];
  return sections
    .filter(({ lines }) => lines.some((line) => line !== ''))
    .map(({ header, reader, lines }) => `# ${header}\n# lines for ${reader}\n${lines.join('')}`)
    .join('');
}

function linkLines({ device, addedAddresses, removedAddresses }: IpvsChanges): string[] {
  return [
    ...(device ? [`link add ${DEVICE} type dummy\n`] : []),
    ...addedAddresses.map((ip) => `addr add ${withLength(ip)} dev ${DEVICE}\n`),
    ...removedAddresses.map((ip) => `addr del ${withLength(ip)} dev ${DEVICE}\n`),
  ];
}

function withLength(ip: string): string {
  return `${ip}/${familyOf(ip) === 'IPv4' ? 32 : 128}`;
}

function setLines({ sets, addedMembers, removedMembers }: IpvsChanges): string[] {
  const each = (command: string, { shape, entries }: SetContent) =>
    [...entries].map((entry) => `${command} ${shape.name} ${entry} -exist\n`);
  return [
    ...sets.map((shape) => `create ${shape.name} ${formatType(shape)} -exist\n`),
    ...addedMembers.flatMap((content) => each('add', content)),
    ...removedMembers.flatMap((content) => each('del', content)),
  ];
}

function formatType({ type, family, maxEntries }: SetShape): string {
  if (type === 'bitmap:port') return `${type} range 0-65535`;
  return `${type} family ${family === 'IPv4' ? 'inet' : 'inet6'} hashsize 1024 maxelem ${maxEntries}`;
}

/** Destinations go after they are no longer needed, and servers last. */
function serverLines(changes: IpvsChanges): string[] {
  const lines: string[] = [];
  const server = (command: string, { frontend, ...rest }: VirtualServer) =>
    lines.push(`${command} ${formatService(frontend)} ${formatScheduling(rest)}\n`);
  const destinations = (
    command: string,
    all: readonly Pick<DestinationChange, 'frontend' | 'destination'>[],
  ) => {
    for (const { frontend, destination } of all) {
      const where = `${formatService(frontend)} -r ${formatHostPort(destination.ip, destination.port)}`;
      lines.push(`${command} ${where}${command === '-d' ? '' : formatForwarding(destination)}\n`);
    }
  };
  for (const content of changes.changedServers) server('-E', content.server);
  for (const { server: added, destinations: all } of changes.addedServers) {
    const { frontend } = added;
    server('-A', added);
    destinations(
      '-a',
      Array.from(all.values(), (destination) => ({ frontend, destination })),
    );
  }
  destinations('-a', changes.addedDestinations);
  destinations('-e', changes.changedDestinations);
  destinations(
    '-e',
    changes.drainedDestinations.map((change) => ({
      ...change,
      destination: { ...change.destination, weight: 0 },
    })),
  );
  destinations('-d', changes.endedDestinations);
  for (const { server: removed } of changes.removedServers)
    lines.push(`-D ${formatService(removed.frontend)}\n`);
  return lines;
}

const SERVICE_OPTIONS = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' } as const;

/** `-t 10.0.0.1:80` */
export function formatService(frontend: Frontend): string {
  if (!('mark' in frontend)) {
    return `${SERVICE_OPTIONS[frontend.protocol]} ${formatHostPort(frontend.ip, frontend.port)}`;
  }
  return `-f ${frontend.mark}${frontend.family === 'IPv6' ? ' -6' : ''}`;
}

/** What the tool calls the flags; those of schedulers have a name for each of the two that know them. */
const FLAG_NAMES = [
  [SERVER_SCHEDULER_FALLBACK, 'fallback'],
  [SERVER_SCHEDULER_PORT, 'port'],
] as const;

function formatScheduling({ scheduler, flags, timeoutSeconds }: Omit<VirtualServer, 'frontend'>): string {
  const names = FLAG_NAMES.filter(([bit]) => (flags & bit) !== 0).map(([, name]) => `${scheduler}-${name}`);
  return [
    `-s ${scheduler}`,
    ...((flags & SERVER_PERSISTENT) === 0 ? [] : [`-p ${timeoutSeconds}`]),
    ...((flags & SERVER_ONE_PACKET) === 0 ? [] : ['-o']),
    ...(names.length === 0 ? [] : [`-b ${names.join(',')}`]),
  ].join(' ');
}

const FORWARDING_OPTIONS: Readonly<Record<ForwardingMethod, string>> = {
  masquerade: ' -m',
  direct: ' -g',
  tunnel: ' -i',
  // The kernel makes these itself.
  local: '',
  bypass: '',
};

function formatForwarding({ forwarding, weight }: Destination): string {
  return `${FORWARDING_OPTIONS[forwarding]} -w ${weight}`;
}
