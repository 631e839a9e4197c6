/** What the lines of a Corefile come to, in our own terms; names of domains as in `Question.name`. */
import type { StubUpstreams } from '../forward/stub-domains.ts';
import type { UpstreamAddress } from '../forward/upstream-address.ts';
import type { PodMode } from '../zone/zone-options.ts';
import type { CorefileProblem } from './block.ts';

/** `kubernetes`: the names of the cluster. */
export interface KubernetesLines {
  /** Such as `cluster.local`. */
  readonly zones: readonly string[];
  /** Such as `in-addr.arpa`. */
  readonly reverseZones: readonly string[];
  readonly pods: PodMode;
  readonly ttlSeconds: number;
  readonly endpointPodNames: boolean;
  /** Zones in which others are asked for names that are not known; empty text: all. */
  readonly fallthrough: readonly string[];
}

/** `forward .`: who is asked for all other names. */
export interface ForwardLines {
  /** Or the file that names them, in the form of resolv.conf. */
  readonly upstreams: readonly UpstreamAddress[] | { readonly file: string };
  readonly policy: 'random' | 'sequential';
  readonly maxConcurrent: number;
}

/** `cache`: of what others said. */
export interface CacheLines {
  readonly positiveSeconds: number;
  readonly negativeSeconds: number;
  readonly maxEntries: number;
  /** For how long after its time an answer may still be given; undefined: our default. */
  readonly staleMs: number | undefined;
}

/** `hosts`: names out of a file, and out of the Corefile itself. */
export interface HostsLines {
  readonly file: string;
  /** Lines of a hosts file. */
  readonly inline: readonly string[];
  /** Zones that it answers for; empty text: all. */
  readonly zones: readonly string[];
  readonly ttlSeconds: number;
  readonly reverse: boolean;
  /** As in {@link KubernetesLines.fallthrough}. */
  readonly fallthrough: readonly string[];
}

export interface CorefileOptions {
  readonly port: number;
  /** Addresses to listen on; none: all. */
  readonly bind: readonly string[];
  readonly kubernetes: KubernetesLines | undefined;
  readonly forward: ForwardLines | undefined;
  readonly stubs: readonly StubUpstreams[];
  /** Undefined: what others said is not kept. */
  readonly cache: CacheLines | undefined;
  readonly hosts: HostsLines | undefined;
  /** From the name that is asked to the one that is looked up. */
  readonly rewrites: ReadonlyMap<string, string>;
  /** `HOST:PORT` or `:PORT`. */
  readonly health: string | undefined;
  /** How long it goes on to answer after it was told to end, milliseconds. */
  readonly lameduckMs: number;
  readonly ready: string | undefined;
  readonly prometheus: string | undefined;
  /** Lines that are accepted though they have no effect here, and why. */
  readonly notes: readonly CorefileProblem[];
}
