/** `cache [TTL] [ZONES…] { … }`. */
import { isWithin } from '../wire/name.ts';
import type { Directive } from './block.ts';
import type { Findings } from './findings.ts';
import type { CacheLines } from './options.ts';

const MAX_TTL_SECONDS = 86_400;
/** What CoreDNS takes when no TTL is given. */
const POSITIVE_SECONDS = 3600;
const NEGATIVE_SECONDS = 1800;
const MAX_ENTRIES = 10_000;
const MOST_ENTRIES = 10_000_000;
const STALE_MS = 3_600_000;

/** @param ownZones names of which are never kept, whatever is asked for */
export function readCache(found: Findings, directive: Directive, ownZones: readonly string[]): CacheLines {
  const [ttl, ...zones] = directive.args;
  const hasTtl = ttl !== undefined && /^\d+$/.test(ttl);
  const seconds = hasTtl ? found.number(directive, ttl, MAX_TTL_SECONDS, POSITIVE_SECONDS) : undefined;
  const unused = hasTtl ? zones : directive.args;
  if (unused.length > 0) found.complain(directive, 'zones are not supported: it is for all names of others');
  let lines: CacheLines = {
    positiveSeconds: seconds ?? POSITIVE_SECONDS,
    negativeSeconds: seconds ?? NEGATIVE_SECONDS,
    maxEntries: MAX_ENTRIES,
    staleMs: undefined,
  };
  for (const option of directive.body) lines = readOption(found, directive, option, lines, ownZones);
  return lines;
}

function readOption(
  found: Findings,
  directive: Directive,
  option: Directive,
  lines: CacheLines,
  ownZones: readonly string[],
): CacheLines {
  switch (option.name) {
    case 'success':
    case 'denial': {
      const [entries, ttl, minimum] = found.args(option, 3);
      if (minimum !== undefined && minimum !== '0')
        found.note(option, 'there is no smallest TTL: records say the truth');
      const size = found.number(option, entries, MOST_ENTRIES, MAX_ENTRIES);
      const field = option.name === 'success' ? 'positiveSeconds' : 'negativeSeconds';
      const seconds =
        ttl === undefined ? lines[field] : found.number(option, ttl, MAX_TTL_SECONDS, lines[field]);
      return {
        ...lines,
        [field]: seconds,
        maxEntries: Math.max(size, option.name === 'denial' ? lines.maxEntries : 0),
      };
    }
    case 'serve_stale': {
      const [duration, mode = 'immediate'] = found.args(option, 2);
      if (mode !== 'verify') found.note(option, 'upstreams are asked first, for up to 1.8 s, as with verify');
      return {
        ...lines,
        staleMs: duration === undefined ? STALE_MS : found.duration(option, duration, STALE_MS),
      };
    }
    case 'prefetch':
      found.note(option, 'an answer that was asked for three times is renewed in its last tenth');
      return lines;
    case 'servfail':
      found.note(option, 'SERVFAIL is kept for 5 s');
      return lines;
    case 'disable':
      checkDisable(found, option, ownZones);
      return lines;
    default:
      found.refuse(directive, option);
      return lines;
  }
}

/** kubeadm switches the cache off for the zone of the cluster, of which nothing is ever kept here. */
function checkDisable(found: Findings, option: Directive, ownZones: readonly string[]): void {
  const [kind = '', ...zones] = option.args;
  const isKind = kind === 'success' || kind === 'denial';
  const domains = found.domains(option, zones);
  const isOwn = domains.length > 0 && domains.every((zone) => ownZones.some((own) => isWithin(zone, own)));
  if (!isKind || !isOwn) found.complain(option, 'it is supported for the zones of the cluster only');
}
