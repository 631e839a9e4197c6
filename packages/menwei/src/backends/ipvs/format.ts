/**
 * Changes as text for the real tools, part by part: taken in their order, they make what the backend would make over
 * netlink.
 */
import { familyOf } from '@menwei/addresses/ip.ts';
import { formatCommand, type IpSetCommand } from '@menwei/netfilter/ipset/command.ts';
import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { formatEdit } from '@menwei/netfilter/ipvsadm/format.ts';
import type { IpvsEdit } from '@menwei/netlink/ipvs';
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

function setLines({ sets, addedMembers, removedMembers }: IpvsChanges): readonly string[] {
  const each = (command: 'add' | 'del', { shape: { name }, entries }: SetContent) =>
    Array.from(entries, (entry): IpSetCommand => ({ command, name, entry, isForgiving: true }));
  const commands: readonly IpSetCommand[] = [
    ...sets.map((shape): IpSetCommand => ({ command: 'create', shape, isForgiving: true })),
    ...addedMembers.flatMap((content) => each('add', content)),
    ...removedMembers.flatMap((content) => each('del', content)),
  ];
  return commands.map((command) => `${formatCommand(command)}\n`);
}

function serverLines(changes: IpvsChanges): readonly string[] {
  return serverEdits(changes).map((edit) => `${formatEdit(edit)}\n`);
}

/** Destinations go after they are no longer needed, and servers last. */
function serverEdits(changes: IpvsChanges): readonly IpvsEdit[] {
  const set = ({ frontend, destination }: DestinationChange, weight = destination.weight): IpvsEdit => {
    return { change: 'set-destination', frontend, destination: { ...destination, weight } };
  };
  return [
    ...changes.changedServers.map(({ server }): IpvsEdit => ({ change: 'set-server', server })),
    ...changes.addedServers.flatMap(({ server, destinations }): IpvsEdit[] => [
      { change: 'add-server', server },
      ...Array.from(destinations.values(), (destination): IpvsEdit => {
        return { change: 'add-destination', frontend: server.frontend, destination };
      }),
    ]),
    ...changes.addedDestinations.map(({ frontend, destination }): IpvsEdit => {
      return { change: 'add-destination', frontend, destination };
    }),
    ...changes.changedDestinations.map((change) => set(change)),
    ...changes.drainedDestinations.map((change) => set(change, 0)),
    ...changes.endedDestinations.map(({ frontend, destination }): IpvsEdit => {
      return { change: 'remove-destination', frontend, destination };
    }),
    ...changes.removedServers.map(({ server: { frontend } }): IpvsEdit => {
      return { change: 'remove-server', frontend };
    }),
  ];
}
