/** The key of a server block: `.:53`, `example.local`, `dns://10.0.0.0/8:53`. */
import type { ServerBlock } from './block.ts';
import { type Findings, parseDomain } from './findings.ts';

interface ServerKey {
  readonly zone: string;
  readonly port: number;
}

const DNS_PORT = 53;
const SCHEME = /^([a-z0-9]+):\/\//;

export function readKeys(found: Findings, { line, keys }: ServerBlock): readonly ServerKey[] {
  return keys.flatMap((key) => {
    const parsed = parseKey(key);
    if (typeof parsed !== 'string') return [parsed];
    found.complain({ line, name: key }, parsed);
    return [];
  });
}

function parseKey(key: string): ServerKey | string {
  const scheme = SCHEME.exec(key)?.[1];
  if (scheme !== undefined && scheme !== 'dns')
    return `${scheme}:// is not supported; questions come by plain DNS`;
  const place = key.replace(SCHEME, '');
  const [, zoneText = place, portText] = /^(.*):(\d{1,5})$/.exec(place) ?? [];
  const zone = parseDomain(zoneText);
  const port = portText === undefined ? DNS_PORT : Number(portText);
  if (zone === undefined) return 'that is not a name of a domain';
  return port >= 1 && port <= 65_535 ? { zone, port } : 'the port is outside 1-65535';
}
