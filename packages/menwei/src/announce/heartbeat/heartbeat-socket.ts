/** Heartbeats over UDP between the nodes that announce. */
import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { Logger } from '../../log/logger.ts';
import { untilAborted } from '../../scheduling/pause.ts';
import { Heartbeats, type HeartbeatTiming } from './heartbeats.ts';

export interface HeartbeatPeer {
  readonly name: string;
  /** Of the node. */
  readonly ip: string;
}

export interface HeartbeatSocketOptions {
  readonly node: string;
  readonly key: Buffer;
  readonly port: number;
  readonly peers: () => readonly HeartbeatPeer[];
  readonly onAlive: (node: string) => void;
  readonly onDead: (node: string) => void;
  readonly logger: Logger;
}

const TIMING: HeartbeatTiming = { intervalMs: 300, misses: 3 };
const LOOK_MS = 100;

/** Until the signal fires. Rejects when the port can't be had. */
export async function runHeartbeats(options: HeartbeatSocketOptions, signal: AbortSignal): Promise<void> {
  const { node, key, port, peers, onAlive, onDead, logger } = options;
  const heartbeats = new Heartbeats(node, key, TIMING);
  const names = () => peers().map(({ name }) => name);
  const failed = Promise.withResolvers<never>();
  const open = async (family: IpFamily): Promise<Socket | undefined> => {
    const socket = createSocket({ type: family === 'IPv4' ? 'udp4' : 'udp6', ipv6Only: family === 'IPv6' });
    socket.on('message', (bytes) => {
      const alive = heartbeats.receive(bytes, (name) => names().includes(name), performance.now());
      if (alive !== undefined) onAlive(alive);
    });
    const bound = Promise.withResolvers<void>();
    socket.once('error', bound.reject);
    socket.bind(port, bound.resolve);
    try {
      await bound.promise;
    } catch (error) {
      socket.close();
      // A machine without IPv6 has no peers there.
      if (family === 'IPv6') return undefined;
      throw error;
    }
    socket.on('error', failed.reject);
    return socket;
  };
  const sockets = { IPv4: await open('IPv4'), IPv6: await open('IPv6') };
  const send = () => {
    const messages = heartbeats.send(names(), randomBytes(8).toString('hex'), performance.now());
    for (const { name, ip } of peers()) {
      const message = messages.get(name);
      // One that can't be sent is one that does not come.
      if (message !== undefined) sockets[familyOf(ip)]?.send(message, port, ip, () => undefined);
    }
  };
  const look = () => {
    for (const dead of heartbeats.dead(performance.now())) onDead(dead);
  };
  const timers = [setInterval(send, TIMING.intervalMs), setInterval(look, LOOK_MS)];
  send();
  logger.info({ port, peers: names().length }, 'heartbeats between nodes are on');
  try {
    await Promise.race([untilAborted(signal), failed.promise]);
  } finally {
    for (const timer of timers) clearInterval(timer);
    for (const socket of Object.values(sockets)) socket?.close();
  }
}
