/** The identity of a virtual server as text. */
import { decodeIp, encodeIp, familyOf, formatHostPort, IP_FAMILIES } from '../../address.ts';
import type { TransportProtocol } from '../../protocol.ts';
import type { Frontend, FrontendKey } from './contract.ts';

const PROTOCOLS: readonly TransportProtocol[] = ['TCP', 'UDP', 'SCTP'];
const MAX_PORT = 0xffff;
const MAX_MARK = 0xffffffff;
const ADDRESS = /^(\w+) (?:\[([^[\]]+:[^[\]]+)\]|([^:[\]]+)):(0|[1-9]\d{0,4})$/;
const MARK = /^mark ([1-9]\d{0,9}) (\w+)$/;

/** `TCP 10.96.0.1:80`, `UDP [fd00::1]:53`, `mark 7 IPv4` */
export function formatFrontend(frontend: Frontend): FrontendKey {
  return 'mark' in frontend
    ? `mark ${frontend.mark} ${frontend.family}`
    : `${frontend.protocol} ${formatHostPort(frontend.ip, frontend.port)}`;
}

/** What {@link formatFrontend} wrote; undefined for any other text. */
export function parseFrontend(key: FrontendKey): Frontend | undefined {
  const [, markText, familyText] = MARK.exec(key) ?? [];
  if (markText !== undefined) {
    const mark = Number(markText);
    const family = IP_FAMILIES.find((each) => each === familyText);
    return family === undefined || mark > MAX_MARK ? undefined : { family, mark };
  }
  const [, protocolText, ipv6, ipv4, portText] = ADDRESS.exec(key) ?? [];
  const protocol = PROTOCOLS.find((each) => each === protocolText);
  const ip = ipv6 ?? ipv4 ?? '';
  const port = Number(portText);
  const family = familyOf(ip);
  const bytes = encodeIp(ip);
  if (protocol === undefined || bytes === undefined || port > MAX_PORT) return undefined;
  // One virtual server has one key.
  return decodeIp(family, bytes) === ip ? { family, protocol, ip, port } : undefined;
}
