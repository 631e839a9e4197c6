/** What may happen to a segment: each fault lasts until it is undone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Dice } from '../dice.ts';
import type { Segment } from './segment.ts';

export interface SegmentFault {
  /** No news from the API server arrive anywhere meanwhile. */
  readonly stopsApi?: boolean;
  /** Returns what makes it as it was. */
  readonly befall: (segment: Segment, node: string, dice: Dice) => Promise<() => Promise<unknown>>;
}

const nothing = async (): Promise<void> => undefined;

export const SEGMENT_FAULTS: Readonly<Record<string, SegmentFault>> = {
  kill: {
    befall: async ({ session, flags }, node) => {
      await session.order('signal', { node, signal: 'SIGKILL' });
      return () => session.menwei('restart', node, '--', ...flags);
    },
  },
  pause: {
    befall: async ({ session }, node) => {
      await session.order('signal', { node, signal: 'SIGSTOP' });
      return () => session.order('signal', { node, signal: 'SIGCONT' });
    },
  },
  restart: {
    befall: async ({ session, flags }, node) => {
      await session.menwei('restart', node, '--', ...flags);
      return nothing;
    },
  },
  'restart with grace': {
    befall: async ({ session, flags }, node) => {
      await session.menwei('restart', node, '--', '--announce-restart-grace', '10s', ...flags);
      await session.menwei('restart', node, '--', '--announce-restart-grace', '0s', ...flags);
      return nothing;
    },
  },
  'link down': { befall: (segment, node) => link(segment, node, 'down') },
  isolated: { befall: (segment, node) => link(segment, node, 'isolated') },
  'power off': {
    befall: async ({ session }, node) => {
      await session.order('power', { node, isOn: false });
      return () => session.menwei('power-on', node);
    },
  },
  'way to the API server cut': {
    befall: async ({ session }, node) => {
      const host = session.host(node);
      const table = [
        'add table inet stress-cut',
        'add chain inet stress-cut out { type filter hook output priority 0; }',
        'add rule inet stress-cut out tcp dport 6443 drop',
      ].join('\n');
      await host.exec('nft', ['-f', '-'], { input: table });
      return () => host.exec('nft', ['delete', 'table', 'inet', 'stress-cut']);
    },
  },
  'API server paused': {
    stopsApi: true,
    befall: async ({ session }) => {
      const { pid } = await session.status();
      process.kill(pid, 'SIGSTOP');
      return async () => void process.kill(pid, 'SIGCONT');
    },
  },
  drain: {
    befall: async ({ session }, node) => {
      await session.order('drain', { node, isDraining: true });
      return () => session.order('drain', { node, isDraining: false });
    },
  },
  'not Ready': {
    befall: async (segment, node) => {
      for (const status of ['False', 'True', 'Unknown']) await segment.setReady(node, status);
      return () => segment.setReady(node, 'True');
    },
  },
  excluded: {
    befall: async (segment, node) => {
      await segment.label(node, '');
      return () => segment.label(node, null);
    },
  },
  'pods moved': {
    befall: async (segment, node, dice) => {
      const { name } = dice.pick(segment.services);
      await segment.putBehind(name, [node]);
      return () => segment.putBehind(name, segment.nodes);
    },
  },
  'pool edited': {
    befall: async (segment) => {
      await segment.setPool(['192.168.49.210-192.168.49.220', 'fd00:49::c8-fd00:49::dc']);
      await sleep(200);
      return () => segment.setPool(['192.168.49.200-192.168.49.220', 'fd00:49::c8-fd00:49::dc']);
    },
  },
  'Lease edited': {
    befall: async (segment, node, dice) => {
      const since = new Date(dice.pick([0, Date.now() + 3_600_000])).toISOString();
      const owns = segment.addresses.map((address) => `${address} ${since} eth0`).join('\n');
      await segment.annotateLease(
        node,
        dice.pick([
          { 'menwei.dev/owns': owns },
          { 'menwei.dev/owns': 'nonsense' },
          { 'menwei.dev/interfaces': null },
          { 'menwei.dev/handover': 'true' },
          { 'menwei.dev/declines': '*' },
        ]),
      );
      return nothing;
    },
  },
};

async function link({ session }: Segment, node: string, state: string): Promise<() => Promise<void>> {
  await session.order('link', { node, state });
  return () => session.order('link', { node, state: 'up' });
}
