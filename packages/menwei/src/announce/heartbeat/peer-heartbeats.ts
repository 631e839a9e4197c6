/** Whom heartbeats go to, and what follows from those that do not come. Without them a dead node is noticed by its Lease. */
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import type { NodeView } from '../node-view.ts';
import type { HeartbeatPeer, HeartbeatSocketOptions } from './heartbeat-socket.ts';

type HeartbeatNeeds = Pick<HeartbeatSocketOptions, 'peers' | 'onAlive' | 'onDead'>;

export type RunHeartbeats = (needs: HeartbeatNeeds, signal: AbortSignal) => Promise<void>;

interface PeerHeartbeatsOptions {
  /** Name of this node. */
  readonly node: string;
  readonly tables: Pick<ObjectTables, 'nodes'>;
  readonly nodes: NodeView;
  /** There are no Leases: all nodes are peers. */
  readonly knowsNoNodes: boolean;
  readonly onDead: (node: string) => void;
  readonly logger: Logger;
}

const RETRY_MS = 10_000;

/** Until the signal fires. */
export async function followHeartbeats(
  run: RunHeartbeats,
  options: PeerHeartbeatsOptions,
  signal: AbortSignal,
): Promise<void> {
  const { nodes, logger, onDead } = options;
  const needs: HeartbeatNeeds = {
    peers: () => peersOf(options),
    onAlive: (name) => {
      if (nodes.suspected.get(name) === 'heartbeat') nodes.suspect(name, undefined);
    },
    onDead: (name) => {
      if (nodes.suspected.has(name)) return;
      logger.warn({ peer: name }, 'a node sends no heartbeats any more');
      nodes.suspect(name, 'heartbeat');
      onDead(name);
    },
  };
  while (!signal.aborted) {
    try {
      await run(needs, signal);
    } catch (error) {
      logger.error({ err: error }, 'heartbeats between nodes are off; trying again');
    }
    await pause(RETRY_MS, signal);
  }
}

function peersOf({ node, tables, nodes, knowsNoNodes }: PeerHeartbeatsOptions): readonly HeartbeatPeer[] {
  const names = knowsNoNodes ? Array.from(tables.nodes.rows.values(), ({ name }) => name) : nodes.peers;
  return names.flatMap((name) => {
    const [ip] = tables.nodes.get(`/${name}`)?.internalIPs ?? [];
    return ip === undefined || name === node ? [] : [{ name, ip }];
  });
}
