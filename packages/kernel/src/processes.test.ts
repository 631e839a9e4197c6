import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { observeNeighbours, programsOf } from './processes.ts';

const signal = new AbortController().signal;

describe('the programs of this network namespace', () => {
  it('are found by their names, but for this one', async () => {
    const other = spawn('sleep', ['60'], { argv0: '/usr/local/bin/kube-proxy' });
    try {
      await once(other, 'spawn');
      const isKubeProxy = (each: Parameters<typeof programsOf>[0]) => programsOf(each).includes('kube-proxy');
      await expect
        .poll(() => observeNeighbours(isKubeProxy, signal))
        .toContainEqual(expect.objectContaining({ pid: other.pid, name: 'sleep' }));
      const all = await observeNeighbours(() => true, signal);
      expect(all.map(({ pid }) => pid)).not.toContain(process.pid);
    } finally {
      other.kill('SIGKILL');
    }
  });

  it('are no longer asked for when nobody wants to know', async () => {
    await expect(observeNeighbours(() => true, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});
