/** A `listen` section as data again. What is not word by word as it would be written is somebody else's work. */
import { familyOf, type IpFamily, parseHostPort } from '@menwei/addresses/ip.ts';
import type { HealthCheck } from '../provider.ts';
import { type Block, formatSection, readWord, sourceAcl } from './config-text.ts';
import { type AllowedRanges, NO_CHECK, parseSectionName, type Section } from './section.ts';

const DEFAULT_SERVER =
  /^default-server ?(?<proxy>send-proxy(?:-v2)?)? ?(?:check inter (?<inter>\d+)ms fall (?<fall>\d+) rise (?<rise>\d+)(?: port (?<port>\d+))?)?$/;
const SEND = /^http-check send meth GET uri (?<path>\S+) ver HTTP\/1\.[01](?: hdr Host (?<host>\S+))?$/;
const EXPECT = /^http-check expect status (?<first>\d+)-(?<last>\d+)$/;
const BIND = /^bind (?<address>\S+) transparent$/;
const SERVER = /^server \S+ (?<address>\S+) weight (?<weight>\d+)/;
const RANGES = /^acl (?<acl>\S+) src (?<ranges>.+)$/;
const LIMIT = /^tcp-request connection reject if \{ dst (?<address>\S+) /;

/** Undefined: it is not what `formatSection` writes. */
export function parseSection(cluster: string, block: Block): Section | undefined {
  const name = /^listen (\S+) from \S+$/.exec(block.heading)?.[1] ?? '';
  const identity = parseSectionName(cluster, name);
  if (identity === undefined) return undefined;
  const addresses = matchAll(block, BIND).map(({ address = '' }) => parseHostPort(address)?.ip ?? '');
  const common = matchFirst(block, DEFAULT_SERVER);
  const section: Section = {
    ...identity,
    addresses,
    allowed: { IPv4: readAllowed(block, addresses, 'IPv4'), IPv6: readAllowed(block, addresses, 'IPv6') },
    affinitySeconds: Number(matchFirst(block, /^stick-table .* expire (?<seconds>\d+)s$/).seconds ?? 0),
    proxyProtocol: common.proxy === undefined ? 'none' : common.proxy === 'send-proxy' ? 'v1' : 'v2',
    healthCheck: readCheck(block, common),
    servers: matchAll(block, SERVER).map(({ address = '', weight }) => {
      const { ip, port } = parseHostPort(address) ?? { ip: '', port: 0 };
      return { ip, port, weight: Number(weight) };
    }),
  };
  return isWrittenAs(cluster, section, block) ? section : undefined;
}

type Groups = Readonly<Partial<Record<string, string>>>;

function matchAll({ lines }: Block, pattern: RegExp): readonly Groups[] {
  return lines.flatMap((line) => {
    const groups = pattern.exec(line)?.groups;
    return groups === undefined ? [] : [groups];
  });
}

function matchFirst(block: Block, pattern: RegExp): Groups {
  return matchAll(block, pattern)[0] ?? {};
}

function readAllowed(block: Block, addresses: readonly string[], family: IpFamily): AllowedRanges {
  const address = addresses.find((ip) => familyOf(ip) === family);
  const isLimited = matchAll(block, LIMIT).some(({ address: limited }) => limited === address);
  const acl = sourceAcl(family);
  const ranges = matchAll(block, RANGES).flatMap(({ acl: name, ranges: text = '' }) =>
    name === acl ? text.split(' ') : [],
  );
  return isLimited ? ranges : undefined;
}

function readCheck(block: Block, { inter, fall, rise, port: asked }: Groups): HealthCheck {
  const timing = {
    intervalMs: Number(inter ?? 0),
    timeoutMs: Number(matchFirst(block, /^timeout check (?<ms>\d+)ms$/).ms ?? 0),
    fall: Number(fall ?? 0),
    rise: Number(rise ?? 0),
  };
  if (inter === undefined) return NO_CHECK;
  const port = asked === undefined ? undefined : Number(asked);
  if (!block.lines.includes('option httpchk')) return { ...timing, probe: { kind: 'tcp', port } };
  const { path = '', host = '' } = matchFirst(block, SEND);
  const { first, last } = matchFirst(block, EXPECT);
  const expect = { first: Number(first), last: Number(last) };
  return { ...timing, probe: { kind: 'http', port, path: readWord(path), host: readWord(host), expect } };
}

function isWrittenAs(cluster: string, section: Section, block: Block): boolean {
  const written = formatSection(cluster, section);
  return (
    written.heading === block.heading &&
    written.lines.length === block.lines.length &&
    written.lines.every((line, index) => line === block.lines[index])
  );
}
