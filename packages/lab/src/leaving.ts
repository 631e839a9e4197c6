/** Ways for the owner of an address to leave, and what makes its node as it was; for a demo and a measurement. */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabSession } from './lab-session.ts';

export interface Leaving {
  readonly leave: (session: LabSession, node: string) => Promise<unknown>;
  /** @param flags that its proxy has beside those of the lab; one that is started anew would lose them */
  readonly mend: (session: LabSession, node: string, flags: readonly string[]) => Promise<unknown>;
}

export const LEAVINGS = {
  drained: {
    leave: (session, node) => session.order('drain', { node, isDraining: true }),
    mend: (session, node) => session.order('drain', { node, isDraining: false }),
  },
  'link cut': {
    leave: (session, node) => session.order('link', { node, state: 'down' }),
    mend: (session, node) => session.order('link', { node, state: 'up' }),
  },
  killed: {
    leave: (session, node) => session.order('signal', { node, signal: 'SIGKILL' }),
    mend: (session, node, flags) => session.menwei('restart', node, '--', ...flags),
  },
  'powered off': {
    leave: (session, node) => session.order('power', { node, isOn: false }),
    mend: (session, node) => session.menwei('power-on', node),
  },
} as const satisfies Readonly<Record<string, Leaving>>;

/**
 * Starts the proxies of the nodes anew, with heartbeats.
 *
 * @param folder that gets the file with their key, and must stay while they run
 * @returns the flags that each has from now on
 */
export async function startHeartbeats(
  session: LabSession,
  nodes: readonly string[],
  folder: string,
): Promise<readonly string[]> {
  const keyFile = join(folder, 'heartbeat-key');
  await writeFile(keyFile, randomBytes(32).toString('hex'), { mode: 0o600 });
  const flags = ['--announce-heartbeat', '--announce-heartbeat-key-file', keyFile];
  await Promise.all(nodes.map((node) => session.menwei('restart', node, '--', ...flags)));
  return flags;
}
