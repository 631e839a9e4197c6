/** `hosts [FILE [ZONES…]] { … }`. */
import { parseIp } from '@menwei/addresses/ip.ts';
import type { Directive } from './block.ts';
import { type Findings, fallthroughZones } from './findings.ts';
import type { HostsLines } from './options.ts';

/** What CoreDNS takes unless told otherwise. */
const FILE = '/etc/hosts';
const TTL_SECONDS = 3600;
const MAX_TTL_SECONDS = 0x7fff_ffff;

export function readHosts(found: Findings, directive: Directive, blockZones: readonly string[]): HostsLines {
  const [file = FILE, ...zones] = directive.args;
  if (!file.startsWith('/'))
    found.complain(directive, `${JSON.stringify(file)} is not a path that begins with /`);
  let lines: HostsLines = {
    file,
    inline: [],
    zones: zones.length === 0 ? blockZones : found.domains(directive, zones),
    ttlSeconds: TTL_SECONDS,
    reverse: true,
    fallthrough: [],
  };
  for (const option of directive.body) lines = { ...lines, ...readOption(found, directive, option, lines) };
  return lines;
}

function readOption(
  found: Findings,
  directive: Directive,
  option: Directive,
  lines: HostsLines,
): Partial<HostsLines> {
  switch (option.name) {
    case 'ttl':
      return { ttlSeconds: found.number(option, found.args(option, 1)[0], MAX_TTL_SECONDS, TTL_SECONDS) };
    case 'no_reverse':
      found.args(option, 0);
      return { reverse: false };
    case 'reload':
      found.duration(option, found.args(option, 1)[0], 0);
      found.note(option, 'the file is looked at every 5 s');
      return {};
    case 'fallthrough':
      return { fallthrough: fallthroughZones(found, option) };
    default:
      if (parseIp(option.name) === undefined) {
        found.refuse(directive, option);
        return {};
      }
      if (option.args.length === 0) found.complain(option, 'an address needs at least one name');
      found.domains(option, option.args);
      return { inline: [...lines.inline, [option.name, ...option.args].join(' ')] };
  }
}
