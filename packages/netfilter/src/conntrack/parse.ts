/** Reading what `conntrack -L` prints, also with `-o extended` or `-o id`. */
import { familyOf, type HostPort, parseIp } from '@menwei/addresses/ip.ts';
import { meaningfulLines } from '../lines.ts';
import { parseNumber } from '../number.ts';
import { isPortProtocol, PROTOCOL_NUMBERS } from '../protocols.ts';
import { UnreadableError } from '../unreadable.ts';
import type { ListedEntry, Tuple } from './entry.ts';

const FAMILY = /^ipv[46] +\d+ +/;
const TUPLE = 'src=(\\S+) dst=(\\S+) sport=(\\d+) dport=(\\d+)(?: packets=\\d+ bytes=\\d+)?';
const ENTRY = new RegExp(
  `^(tcp|udp|sctp) +(\\d+) (\\d+)(?: ([A-Z][A-Z0-9_]*))? ${TUPLE}( \\[UNREPLIED\\])? ${TUPLE}( \\[ASSURED\\])?(?: \\[OFFLOAD\\])?` +
    '(?: mark=(\\d+))?(?: secctx=\\S+)?(?: zone=\\d+)?(?: use=(\\d+))?(?: id=\\d+)?$',
);
const OTHER_PROTOCOL = /^(?:icmp|icmpv6|dccp|udplite|gre|unknown|igmp|esp|ah|ospf|vrrp|pim) +\d+ /;
const MAX_PORT = 0xffff;
const MAX_NUMBER = 0xffffffff;

/** The entries of a dump; those of protocols without ports are left out. @throws UnreadableError */
export function parseDump(text: string): readonly ListedEntry[] {
  return meaningfulLines(text)
    .filter((line) => !OTHER_PROTOCOL.test(line.replace(FAMILY, '')))
    .map(parseEntry);
}

/** @throws UnreadableError */
export function parseEntry(line: string): ListedEntry {
  const match = ENTRY.exec(line.replace(FAMILY, ''));
  if (match === null) return fail(line, 'unknown form');
  const [, protocolText = '', number, timeout = '', state] = match;
  const protocol = isPortProtocol(protocolText) ? protocolText : fail(line, 'unknown protocol');
  if (Number(number) !== PROTOCOL_NUMBERS[protocol])
    return fail(line, 'the number does not match the protocol');
  return {
    protocol,
    timeoutSeconds: numberIn(line, timeout),
    state,
    original: tupleIn(line, match.slice(5, 9)),
    isUnreplied: match[9] !== undefined,
    reply: tupleIn(line, match.slice(10, 14)),
    isAssured: match[14] !== undefined,
    mark: numberIn(line, match[15] ?? '0'),
    use: numberIn(line, match[16] ?? '1'),
  };
}

function tupleIn(
  line: string,
  [from = '', to = '', fromPort = '', toPort = '']: readonly (string | undefined)[],
): Tuple {
  const tuple = { source: endIn(line, from, fromPort), destination: endIn(line, to, toPort) };
  const isOneFamily = familyOf(tuple.source.ip) === familyOf(tuple.destination.ip);
  return isOneFamily ? tuple : fail(line, 'addresses of two IP families');
}

function endIn(line: string, ipText: string, portText: string): HostPort {
  const ip = parseIp(ipText);
  const port = parseNumber(portText, MAX_PORT);
  return ip === undefined || port === undefined ? fail(line, 'not a numeric address') : { ip, port };
}

function numberIn(line: string, text: string): number {
  return parseNumber(text, MAX_NUMBER) ?? fail(line, `no number: ${text}`);
}

function fail(line: string, why: string): never {
  throw new UnreadableError('an entry of conntrack -L', line, why);
}
