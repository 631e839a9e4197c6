/** HAProxy's configuration as text. No text of an object ever gets further than the word that is meant for it. */
import { createHash } from 'node:crypto';
import { familyOf, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { HealthCheck } from '../provider.ts';
import { clusterPrefix, type Section, type SectionServer, sectionName, serverName } from './section.ts';

/** A section of a configuration file: its first line and those up to the next section, without the line ends. */
export interface Block {
  /** `listen mw:c:ns:web:80 from mw:c:` */
  readonly heading: string;
  readonly lines: readonly string[];
}

/** HAProxy takes 64 words a line, keyword included. */
const MOST_RANGES_A_LINE = 32;
const PLAIN_WORD = /^[A-Za-z0-9_.:/@%+=,~-]+$/;
/** Clients that are remembered for a Service with session affinity. */
const AFFINITY_ENTRIES = '1m';

/** One word of the configuration, whatever stands in the text. Line ends can't stand in one. */
function quoteWord(text: string): string {
  if (PLAIN_WORD.test(text)) return text;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what must not be there
  if (/[\x00-\x1f\x7f]/.test(text)) throw new Error(`BUG: ${JSON.stringify(text)} in a configuration`);
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text that {@link quoteWord} was given; anything for what it does not write. */
export function readWord(word: string): string {
  return word.startsWith("'") && word.endsWith("'") ? word.slice(1, -1).replaceAll("'\\''", "'") : word;
}

/** `10.0.0.1:80`, `[fd00::1]:80` */
function formatAddress(ip: string, port: number): string {
  return familyOf(ip) === 'IPv6' ? `[${ip}]:${port}` : `${ip}:${port}`;
}

/** All of a section but its servers: what HAProxy can't change without a reload. */
function structureLines(section: Section): readonly string[] {
  const { addresses, port, affinitySeconds, healthCheck } = section;
  return [
    ...addresses.map((ip) => `bind ${formatAddress(ip, port)} transparent`),
    ...IP_FAMILIES.flatMap((family) => formatRanges(section, family)),
    ...formatAffinity(affinitySeconds),
    ...formatCheck(healthCheck),
    ...formatDefaultServer(section),
  ];
}

export function formatSection(cluster: string, section: Section): Block {
  const servers = section.servers.map(
    (server) => `server ${serverName(server)} ${ownWords(section, server)}`,
  );
  const heading = `listen ${sectionName(cluster, section)} from ${clusterPrefix(cluster)}`;
  return { heading, lines: [...structureLines(section), ...servers] };
}

/** What follows the name in `add server`: such a server gets nothing from `default-server`. */
export function formatAddedServer(section: Section, server: SectionServer): string {
  return [ownWords(section, server), ...commonWords(section)].join(' ');
}

function ownWords({ affinitySeconds }: Section, { ip, port, weight }: SectionServer): string {
  const words = `${formatAddress(ip, port)} weight ${weight}`;
  // Clients are spread by this number, and so go where they went before a reload.
  return affinitySeconds > 0 ? `${words} id ${stableId(serverName({ ip, port }))}` : words;
}

function formatDefaultServer(section: Section): readonly string[] {
  const words = commonWords(section);
  return words.length === 0 ? [] : [`default-server ${words.join(' ')}`];
}

/** What all servers of a section have in common. */
function commonWords({ proxyProtocol, healthCheck }: Section): readonly string[] {
  const words: string[] = [];
  if (proxyProtocol === 'v1') words.push('send-proxy');
  if (proxyProtocol === 'v2') words.push('send-proxy-v2');
  const { probe, intervalMs, fall, rise } = healthCheck;
  if (probe.kind === 'none') return words;
  words.push(`check inter ${intervalMs}ms fall ${fall} rise ${rise}`);
  if (probe.port !== undefined) words.push(`port ${probe.port}`);
  return words;
}

/** A positive number of 31 bits. */
function stableId(name: string): number {
  return createHash('sha256').update(name).digest().readUInt32BE(0) >>> 1 || 1;
}

/**
 * HAProxy takes an IPv4 client for an IPv6 one where it is compared with ranges of that family: `::/0` would let in everybody.
 * So what counts is the family of the address that the client has connected to.
 */
function formatRanges({ allowed, addresses }: Section, family: IpFamily): readonly string[] {
  const ranges = allowed[family];
  const own = addresses.filter((ip) => familyOf(ip) === family);
  if (ranges === undefined) return [];
  const lines: string[] = [];
  for (let at = 0; at < ranges.length; at += MOST_RANGES_A_LINE) {
    lines.push(`acl ${sourceAcl(family)} src ${ranges.slice(at, at + MOST_RANGES_A_LINE).join(' ')}`);
  }
  const unless = ranges.length > 0 ? ` !${sourceAcl(family)}` : '';
  return [...lines, `tcp-request connection reject if { dst ${own.join(' ')} }${unless}`];
}

/** True for clients in the ranges of a family. */
export function sourceAcl(family: IpFamily): string {
  return `from-${family}`;
}

/** The hash keeps most clients where they were when a reload has emptied the table. */
function formatAffinity(seconds: number): readonly string[] {
  if (seconds === 0) return ['balance roundrobin'];
  return [
    'balance source',
    'hash-type consistent',
    `stick-table type ipv6 size ${AFFINITY_ENTRIES} expire ${seconds}s`,
    'stick on src',
  ];
}

function formatCheck({ probe, timeoutMs }: HealthCheck): readonly string[] {
  if (probe.kind === 'none') return [];
  const lines = [`timeout check ${timeoutMs}ms`];
  if (probe.kind === 'tcp') return lines;
  const { path, host, expect } = probe;
  const version = host === '' ? 'HTTP/1.0' : `HTTP/1.1 hdr Host ${quoteWord(host)}`;
  return [
    ...lines,
    'option httpchk',
    `http-check send meth GET uri ${quoteWord(path)} ver ${version}`,
    `http-check expect status ${expect.first}-${expect.last}`,
  ];
}

/** What all sections of the cluster have in common. */
export function formatDefaults(cluster: string): Block {
  return {
    heading: `defaults ${clusterPrefix(cluster)}`,
    lines: [
      'mode tcp',
      'timeout connect 2s',
      // Idle connections are as good as others; keep-alive finds those whose other end is gone.
      'timeout client 24h',
      'timeout server 24h',
      'option clitcpka',
      'clitcpka-idle 60s',
      'clitcpka-intvl 10s',
      'clitcpka-cnt 3',
      'option srvtcpka',
      'srvtcpka-idle 60s',
      'srvtcpka-intvl 10s',
      'srvtcpka-cnt 3',
      // Who can't be reached is no reason to fail a client as long as there are others.
      'retries 3',
      'option redispatch 1',
    ],
  };
}

/** A process-wide variable of HAProxy, by which a running one says which structure it has loaded. */
export function generationVariable(cluster: string): string {
  return `proc.menwei_${Buffer.from(cluster).toString('hex')}`;
}

/** Tells one structure from another; servers play no part. */
export function generationOf(cluster: string, sections: readonly Section[]): string {
  const hash = createHash('sha256');
  const note = ({ heading, lines }: Block) => hash.update(`${heading}\n${lines.join('\n')}\n`);
  note(formatDefaults(cluster));
  for (const section of sections)
    note({ heading: sectionName(cluster, section), lines: structureLines(section) });
  return hash.digest('hex').slice(0, 16);
}

export function formatGeneration(cluster: string, generation: string): Block {
  return { heading: 'global', lines: [`set-var ${generationVariable(cluster)} str(${generation})`] };
}

export function formatBlock({ heading, lines }: Block): string {
  return `${[heading, ...lines.map((line) => `    ${line}`)].join('\n')}\n`;
}
