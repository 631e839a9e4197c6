/** `menwei lb rebalance`: moves addresses to the nodes that come first for them, one after the other. */
import { readAnnouncingNode } from '../../announce/election/announcing-node.ts';
import { Election } from '../../announce/election/election.ts';
import { LEASE_ANNOTATIONS, NODE_LEASE_PREFIX } from '../../announce/node-lease.ts';
import { parseNodeLease } from '../../announce/node-lease-text.ts';
import { PoolsByAddress } from '../../announce/pool-of-address.ts';
import { ServiceView } from '../../announce/service-view.ts';
import { type ApiClient, createApiClient } from '../../kubernetes/api-client.ts';
import { chooseConnection } from '../../kubernetes/connection-choice.ts';
import { leasePath } from '../../kubernetes/lease-client.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import { createLogger } from '../../log/pino-logger.ts';
import { pause } from '../../scheduling/pause.ts';
import { UserError } from '../../setup/failure.ts';
import { requireManifestsOrFail } from '../../setup/manifests-input.ts';
import { VERSION } from '../../setup/version.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import { type Move, planMoves, withoutClaims } from '../rebalance.ts';
import { type LbFlags, type LbOptions, parseLbFlags } from './lb-options.ts';
import { apiServerSource, openTables, untilSynced, withConfiguration } from './lb-sources.ts';

export interface RebalanceFlags extends LbFlags {
  readonly pool?: string;
  readonly dryRun?: true;
}

/** A live node renews its Lease in that time, unless it was told to do so more seldom: then nothing is moved to it. */
const OBSERVE_MS = 4_000;
const MOVE_MS = 15_000;
/** From one move to the next: connections of one address at a time are concerned. */
const SPREAD_MS = 1_000;
const LIMITS = { qps: 50, burst: 100 };
const SILENCE_MS = 10_000;

export async function rebalanceOwners(flags: RebalanceFlags): Promise<void> {
  const parsed = parseLbFlags({ ...flags, leaderElect: 'false', bindAddress: '' });
  if ('errors' in parsed) throw new UserError(parsed.errors, 2);
  const { options } = parsed;
  const { objects } = options;
  if (objects.from !== 'api-server')
    throw new UserError('--manifests: owners are moved by their Leases, and files have none', 2);
  await requireManifestsOrFail(options.configuration);
  const connection = await chooseConnection(objects, (message) => print(message));
  const client = createApiClient(connection, { userAgent: `menwei-lb/${VERSION}`, ...LIMITS });
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await new Rebalance(options, flags, client).run(stop.signal);
  } finally {
    stop.abort();
    await client.close();
  }
}

class Rebalance {
  readonly #options: LbOptions;
  readonly #flags: RebalanceFlags;
  readonly #client: ApiClient;
  readonly #tables = openTables();

  constructor(options: LbOptions, flags: RebalanceFlags, client: ApiClient) {
    this.#options = options;
    this.#flags = flags;
    this.#client = client;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { namespace, configuration } = this.#options;
    const logger = createLogger({ format: 'text', verbosity: 0, level: 'warn' });
    const end = new AbortController();
    const either = AbortSignal.any([signal, end.signal]);
    const sources = withConfiguration(
      apiServerSource(this.#client, namespace, logger),
      configuration,
      logger,
    );
    const read = Promise.all(sources.map((source) => source.run(this.#tables, either)));
    try {
      await Promise.race([this.#work(sources.length, either), read]);
    } finally {
      end.abort();
      await read;
    }
    if (signal.aborted) throw new UserError('ended by a signal before all was done');
  }

  async #work(sources: number, signal: AbortSignal): Promise<void> {
    await untilSynced(this.#tables, sources, signal);
    const alive = await this.#observeNodes(signal);
    const moves = this.#plan(alive);
    if (signal.aborted) return;
    if (moves.length === 0) print('every address is where it comes first');
    let failures = 0;
    for (const [index, move] of moves.entries()) {
      if (this.#flags.dryRun === true) {
        print(`would move ${format(move)}`);
        continue;
      }
      if (index > 0) await pause(SPREAD_MS, signal);
      const why = await this.#move(move, signal);
      if (signal.aborted) return;
      print(why === undefined ? `moved ${format(move)}` : `not moved: ${format(move)}: ${why}`);
      if (why !== undefined) failures++;
    }
    if (failures > 0) throw new UserError(`${failures} of ${moves.length} moves were not made`);
  }

  /** Names of nodes whose Leases are renewed. */
  async #observeNodes(signal: AbortSignal): Promise<ReadonlySet<string>> {
    const alive = new Set<string>();
    const reader = this.#tables.leases.reader();
    reader.take();
    const end = performance.now() + OBSERVE_MS;
    while (performance.now() < end && !signal.aborted) {
      await pause(100, signal);
      for (const { before, after } of reader.take()) {
        if (after !== undefined && before?.renewTimeMs !== after.renewTimeMs) alive.add(after.name);
      }
    }
    reader.close();
    return alive;
  }

  #plan(alive: ReadonlySet<string>): readonly Move[] {
    const { ignoresExcludeLabel, classes } = this.#options;
    const rules = { announcesWithoutEndpoints: true };
    const [current, ideal] = [new Election(rules), new Election(rules)];
    for (const election of [current, ideal]) {
      using view = new ServiceView(this.#tables, election, classes, () => undefined);
      view.take();
    }
    for (const lease of this.#tables.leases.rows.values()) {
      const { announcement } = parseNodeLease(lease);
      if (announcement === undefined) continue;
      const { node: name } = announcement;
      const facts = {
        name,
        announcement,
        node: this.#tables.nodes.get(`/${name}`),
        isAlive: alive.has(lease.name),
      };
      const node = readAnnouncingNode(facts, { ignoresExcludeLabel, needsNodeObject: true });
      current.putNode(node);
      ideal.putNode(withoutClaims(node));
    }
    current.decide();
    ideal.decide();
    const pools = new PoolsByAddress(this.#tables.addressPools.rows.values());
    const { pool } = this.#flags;
    if (pool !== undefined && pools.named(pool) === undefined)
      throw new UserError(`--pool: there is no pool ${pool}`);
    return planMoves(
      current,
      ideal,
      (address) => pool === undefined || pools.containing(address)?.name === pool,
    );
  }

  /** Undefined: it was moved; else why not. */
  async #move({ addresses, from, to }: Move, signal: AbortSignal): Promise<string | undefined> {
    const path = leasePath(this.#options.namespace, `${NODE_LEASE_PREFIX}${from}`);
    const body = { metadata: { annotations: { [LEASE_ANNOTATIONS.giveUp]: addresses.join('\n') } } };
    try {
      await this.#client.write({ method: 'PATCH', path, body, signal, silenceMs: SILENCE_MS });
      const end = performance.now() + MOVE_MS;
      while (!isAnnounced(this.#tables, this.#options.namespace, to, addresses)) {
        if (performance.now() >= end) return `${to} does not announce it after ${MOVE_MS / 1_000} s`;
        await pause(50, signal);
        if (signal.aborted) return 'ended by a signal';
      }
      return undefined;
    } catch (error) {
      return formatErrorChain(error);
    }
  }
}

function isAnnounced(
  { leases }: Pick<ObjectTables, 'leases'>,
  namespace: string,
  node: string,
  addresses: readonly string[],
) {
  const lease = leases.get(`${namespace}/${NODE_LEASE_PREFIX}${node}`);
  const owns = lease === undefined ? [] : (parseNodeLease(lease).announcement?.owns ?? []);
  return addresses.every((address) =>
    owns.some((owned) => owned.address === address && owned.interfaces.length > 0),
  );
}

function format({ addresses, services, from, to }: Move): string {
  return `${addresses.join(', ')} (${services.join(', ')}) from ${from} to ${to}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
