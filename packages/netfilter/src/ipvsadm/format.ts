/** Changes of IPVS as the tool's commands, one a line: what `ipvsadm -Sn` prints and `ipvsadm -R` reads. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import {
  type Destination,
  type ForwardingMethod,
  type Frontend,
  type IpvsEdit,
  SERVER_ONE_PACKET,
  SERVER_PERSISTENT,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { SCHEDULER_FLAGS } from './flags.ts';

/** Without the newline. */
export function formatEdit(edit: IpvsEdit): string {
  switch (edit.change) {
    case 'add-server':
      return `-A ${formatServer(edit.server)}`;
    case 'set-server':
      return `-E ${formatServer(edit.server)}`;
    case 'remove-server':
      return `-D ${formatService(edit.frontend)}`;
    case 'add-destination':
      return `-a ${formatPlace(edit.frontend, edit.destination)}${formatForwarding(edit.destination)}`;
    case 'set-destination':
      return `-e ${formatPlace(edit.frontend, edit.destination)}${formatForwarding(edit.destination)}`;
    case 'remove-destination':
      return `-d ${formatPlace(edit.frontend, edit.destination)}`;
  }
}

/** `-t 10.0.0.1:80` */
function formatService(frontend: Frontend): string {
  if (!('mark' in frontend)) {
    return `${SERVICE_OPTIONS[frontend.protocol]} ${formatHostPort(frontend.ip, frontend.port)}`;
  }
  return `-f ${frontend.mark}${frontend.family === 'IPv6' ? ' -6' : ''}`;
}

const SERVICE_OPTIONS = { TCP: '-t', UDP: '-u', SCTP: '--sctp-service' } as const;

function formatServer({ frontend, scheduler, flags, timeoutSeconds }: VirtualServer): string {
  const named = SCHEDULER_FLAGS.filter(([bit]) => (flags & bit) !== 0);
  return [
    `${formatService(frontend)} -s ${scheduler}`,
    ...((flags & SERVER_PERSISTENT) === 0 ? [] : [`-p ${timeoutSeconds}`]),
    ...((flags & SERVER_ONE_PACKET) === 0 ? [] : ['-o']),
    ...(named.length === 0 ? [] : [`-b ${named.map(([, name]) => `${scheduler}-${name}`).join(',')}`]),
  ].join(' ');
}

function formatPlace(frontend: Frontend, { ip, port }: Pick<Destination, 'ip' | 'port'>): string {
  return `${formatService(frontend)} -r ${formatHostPort(ip, port)}`;
}

const FORWARDING_OPTIONS: Readonly<Record<ForwardingMethod, string>> = {
  masquerade: ' -m',
  direct: ' -g',
  tunnel: ' -i',
  // The kernel makes these itself, and the tool has no words for them.
  local: '',
  bypass: '',
};

function formatForwarding({ forwarding, weight }: Destination): string {
  return `${FORWARDING_OPTIONS[forwarding]} -w ${weight}`;
}
