/** From `forward` lines to upstreams for all names and for stub domains. */
import type { StubUpstreams } from '../forward/stub-domains.ts';
import type { Findings } from './findings.ts';
import type { ReadForward } from './forward-line.ts';
import type { ForwardLines } from './options.ts';

interface Forwards {
  readonly forward: ForwardLines | undefined;
  readonly stubs: readonly StubUpstreams[];
}

/** @param zones of server blocks: a name in one of them is no other one's business, even if nobody is asked for it */
export function putTogether(
  found: Findings,
  lines: readonly ReadForward[],
  zones: Iterable<string>,
): Forwards {
  const byDomain = new Map<string, ReadForward>();
  for (const line of lines) {
    for (const domain of line.domains) {
      const other = byDomain.get(domain);
      const name = domain === '' ? '.' : domain;
      if (other === undefined) byDomain.set(domain, line);
      else
        found.complain(
          line.directive,
          `line ${other.directive.line} says who is asked for ${JSON.stringify(name)}`,
        );
    }
  }
  const forward = byDomain.get('');
  const stubs: StubUpstreams[] = [];
  for (const domain of new Set([...byDomain.keys(), ...zones])) {
    if (domain !== '') stubs.push({ domain, upstreams: stubUpstreams(found, byDomain.get(domain), forward) });
  }
  return { forward: forward && ownPart(forward), stubs };
}

function ownPart({ upstreams, policy, maxConcurrent }: ForwardLines): ForwardLines {
  return { upstreams, policy, maxConcurrent };
}

function stubUpstreams(
  found: Findings,
  line: ReadForward | undefined,
  forward: ForwardLines | undefined,
): StubUpstreams['upstreams'] {
  if (line === undefined) return [];
  const { directive, upstreams, policy, maxConcurrent } = line;
  if ('file' in upstreams) {
    found.complain(directive, 'upstreams of one domain are named by their addresses, not by a file');
    return [];
  }
  if (forward !== undefined && (forward.policy !== policy || forward.maxConcurrent !== maxConcurrent)) {
    found.note(directive, 'policy and max_concurrent are those of the line "forward ."');
  }
  return upstreams;
}
