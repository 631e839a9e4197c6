/** `forward FROM TO… { … }`. */
import { parseUpstream, type UpstreamAddress } from '../forward/upstream-address.ts';
import { isWithin } from '../wire/name.ts';
import type { Directive } from './block.ts';
import type { Findings } from './findings.ts';
import type { ForwardLines } from './options.ts';

/** What is asked, and whom. */
export interface ReadForward extends ForwardLines {
  readonly directive: Directive;
  /** Names within them are asked for. */
  readonly domains: readonly string[];
}

const MAX_CONCURRENT = 1000;
const MOST_CONCURRENT = 1_000_000;
/** Accepted, since it does no harm that ours are fixed. */
const FIXED: ReadonlyMap<string, string> = new Map([
  ['prefer_udp', 'upstreams are always asked by UDP first'],
  ['max_fails', 'an upstream is asked last after 2 failures in a row'],
  ['health_check', 'an upstream that has failed is probed after 0.5 s, and then up to every 30 s'],
  ['expire', 'a TCP connection is closed after 5 s without use'],
  ['max_idle_conns', 'each upstream has one TCP connection at most'],
]);

export function readForward(
  found: Findings,
  directive: Directive,
  blockZones: readonly string[],
): ReadForward {
  const [fromText = '', ...to] = directive.args;
  if (to.length === 0)
    found.complain(directive, 'it needs a domain and at least one upstream: forward . 10.0.0.5');
  const [domain = ''] = found.domains(directive, [fromText]);
  let policy: ForwardLines['policy'] = 'random';
  let maxConcurrent = MAX_CONCURRENT;
  for (const option of directive.body) {
    const note = FIXED.get(option.name);
    if (note !== undefined) found.note(option, note);
    else if (option.name === 'policy') policy = readPolicy(found, option);
    else if (option.name === 'max_concurrent') maxConcurrent = readMaxConcurrent(found, option);
    else found.refuse(directive, option);
  }
  const isReached = blockZones.some((zone) => isWithin(domain, zone));
  if (domain !== '' && !isReached) {
    found.complain(directive, `${JSON.stringify(fromText)} lies in no zone of its server block`);
  }
  return {
    directive,
    domains: domain === '' ? blockZones : [domain],
    upstreams: readUpstreams(found, directive, to),
    policy,
    maxConcurrent,
  };
}

function readUpstreams(
  found: Findings,
  directive: Directive,
  texts: readonly string[],
): ForwardLines['upstreams'] {
  const [file] = texts;
  if (texts.length === 1 && file?.startsWith('/') === true) return { file };
  const upstreams: UpstreamAddress[] = [];
  for (const text of texts) {
    const upstream = text.startsWith('/')
      ? `${JSON.stringify(text)}: a file stands alone`
      : parseUpstream(text);
    if (typeof upstream === 'string') found.complain(directive, upstream);
    else upstreams.push(upstream);
  }
  return upstreams;
}

function readPolicy(found: Findings, option: Directive): ForwardLines['policy'] {
  const [text] = found.args(option, 1);
  if (text === 'random' || text === 'sequential') return text;
  found.complain(option, `${JSON.stringify(text ?? '')} is none of random, sequential`);
  return 'random';
}

/** CoreDNS takes 0 for no bound. */
function readMaxConcurrent(found: Findings, option: Directive): number {
  const number = found.number(option, found.args(option, 1)[0], MOST_CONCURRENT, MAX_CONCURRENT);
  return number === 0 ? MOST_CONCURRENT : number;
}
