import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { observeNeighbours } from './processes.ts';

const signal = new AbortController().signal;

describe('the programs of this network namespace', () => {
  it('are found by their names and arguments, but for this one', async () => {
    const other = spawn('sleep', ['61.5']);
    try {
      await once(other, 'spawn');
      await expect
        .poll(() =>
          observeNeighbours(({ name, argv }) => name === 'sleep' && argv().includes('61.5'), signal),
        )
        .toEqual([expect.objectContaining({ pid: other.pid, name: 'sleep' })]);
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
