/** A cluster of its own for a test: `menwei cluster up` as a process, as a user starts it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const MENWEI = join(import.meta.dirname, '../../bin/menwei');

export interface ClusterProcess {
  readonly kubeconfig: string;
  /** The manifests are in it; it goes with the cluster. */
  readonly folder: string;
  stop(): Promise<void>;
}

/** Ready when this resolves. */
export async function startCluster(...flags: readonly string[]): Promise<ClusterProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-cluster-'));
  cpSync(join(import.meta.dirname, 'manifests'), folder, { recursive: true });
  const kubeconfig = join(folder, 'kubeconfig');
  const args = ['cluster', 'up', '--data', join(folder, 'data'), '--listen', '127.0.0.1:0'];
  const child = spawn(MENWEI, [...args, '--kubeconfig', kubeconfig, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, 'exit');
  const first = await Promise.race([once(lines, 'line'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`the cluster did not come up:\n${said.join('\n')}`);
  return {
    kubeconfig,
    folder,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
