/**
 * Deletes stale conntrack entries, after syncs that made them stale. It never holds up a sync: what may be stale is noted
 * when a sync has succeeded, and what could not be deleted is left for the next time (KQ-10).
 */
import { isDeepStrictEqual } from 'node:util';
import { type IpFamily, isLoopback } from '@menwei/addresses/ip.ts';
import type { ConntrackTable } from '@menwei/netlink/conntrack';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import type { NodeView } from '../services/node-view.ts';
import type { AppliedPort, ServicePortKey } from '../state/service-port.ts';
import { Candidates } from './candidates.ts';
import { type EntryKind, hasEntries, type LookedAfter } from './entry-kind.ts';
import { FrontendIndex } from './frontends.ts';
import { StaleEntries } from './stale-entries.ts';

export interface CleanerOptions extends LookedAfter {
  readonly family: IpFamily;
  readonly table: Pick<ConntrackTable, 'applyDeletion'>;
  /** All addresses of the node now, canonical. */
  readonly localAddresses: () => readonly string[];
  readonly logger: Logger;
  /** Whoever still answers has done so by then, so that a connection in the making is not taken for one that is stuck. */
  readonly replyTimeMs?: number;
  /** Told of every cleaning that succeeded. */
  readonly onCleaned?: (result: CleaningResult) => void;
}

export interface CleaningResult {
  readonly seconds: number;
  /** How many entries were deleted. */
  readonly entries: number;
}

const REPLY_TIME_MS = 100;

/** What was deleted, in the log. */
const DELETED: Readonly<Record<EntryKind, string>> = {
  lasting: 'deleted stale conntrack entries',
  unreplied: 'deleted unreplied conntrack entries of TCP connections to endpoints that are no longer used',
  reset: 'deleted conntrack entries of TCP connections to endpoints that are down (on-down=reset)',
};

/** What the kernel holds since a sync succeeded. */
export interface AppliedChanges {
  /** The service ports that were changed; undefined: it is gone. */
  readonly ports: ReadonlyMap<ServicePortKey, AppliedPort | undefined>;
  readonly node: NodeView;
  /** The kernel was not known before, so connections may have met other rules than ours or none. */
  readonly complete: boolean;
}

/** One IP family's. */
export class ConntrackCleaner {
  readonly #options: CleanerOptions;
  readonly #frontends = new FrontendIndex();
  #candidates: Candidates;
  /** Undefined before the first change. */
  #node: NodeView | undefined;
  #lastError = '';

  constructor(options: CleanerOptions) {
    this.#options = options;
    this.#candidates = new Candidates(options.kind);
  }

  /** Notes what may have become stale; returns whether there is something to {@link clean}. */
  note({ ports, node, complete }: AppliedChanges): boolean {
    const changes = new Map<ServicePortKey, AppliedPort | undefined>();
    for (const [key, port] of ports) {
      const after = port !== undefined && hasEntries(this.#options, port) ? port : undefined;
      const before = this.#frontends.ports.get(key);
      if (before === undefined && after === undefined) continue;
      changes.set(key, after);
      this.#candidates.note(before, after, node);
    }
    this.#frontends.update(changes);
    const isNewNode = !isDeepStrictEqual(this.#node?.nodePortAddresses ?? 'all', node.nodePortAddresses);
    this.#node = node;
    if (complete || isNewNode) this.#candidates.noteAll(this.#frontends.ports.values(), node);
    return !this.#candidates.isEmpty;
  }

  /** Deletes what has been noted and is stale; once at a time. False: it failed, and should be tried again. */
  async clean(signal: AbortSignal): Promise<boolean> {
    const candidates = this.#candidates;
    this.#candidates = new Candidates(this.#options.kind);
    const { kind, replyTimeMs = REPLY_TIME_MS } = this.#options;
    if (kind === 'unreplied') await pause(replyTimeMs, signal);
    const startedMs = performance.now();
    try {
      const entries = await this.#deleteStale(candidates, signal);
      this.#tell({ entries, seconds: (performance.now() - startedMs) / 1000 });
      return true;
    } catch (error) {
      candidates.add(this.#candidates);
      this.#candidates = candidates;
      if (!signal.aborted) this.#complain(error);
      return false;
    }
  }

  async #deleteStale(candidates: Candidates, signal: AbortSignal): Promise<number> {
    const { kind, table } = this.#options;
    const node = this.#node;
    if (node === undefined) return 0;
    const stale = new StaleEntries({
      kind,
      node,
      candidates,
      frontends: this.#frontends,
      acceptsNodePorts: this.#nodePortTest(node),
    });
    let count = 0;
    for (const filter of candidates.filters())
      count += await table.applyDeletion(filter, (entry) => stale.has(entry), signal);
    return count;
  }

  /** The addresses of the node are read when an entry makes it necessary, and once at most. */
  #nodePortTest({ nodePortAddresses: accepted }: NodeView): (ip: string) => boolean {
    if (accepted !== 'all') return (ip) => accepted.includes(ip);
    let local: ReadonlySet<string> | undefined;
    return (ip) => {
      local ??= new Set(this.#options.localAddresses());
      // All of 127.0.0.0/8 is local, whatever the interface says.
      return isLoopback(ip) || local.has(ip);
    };
  }

  #tell(result: CleaningResult): void {
    const { family, kind, logger, onCleaned } = this.#options;
    const fields = { family, entries: result.entries, seconds: Number(result.seconds.toFixed(3)) };
    if (result.entries > 0) logger.info(fields, DELETED[kind]);
    else logger.verbose(4, { ...fields, kind }, 'no stale conntrack entries');
    this.#lastError = '';
    onCleaned?.(result);
  }

  /** The same failure is repeated at every attempt; once is enough for the log. */
  #complain(error: unknown): void {
    const { family, logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.#lastError)
      logger.error({ family, err: error }, 'deleting stale conntrack entries failed; retrying');
    this.#lastError = message;
  }
}
