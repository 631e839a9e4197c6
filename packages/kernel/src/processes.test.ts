import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { nameOwnProcess, observeNeighbours } from './processes.ts';

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

  it('know this one by the name that it gives itself', () => {
    const readName = () => readFileSync(`/proc/${process.pid}/comm`, 'utf8').trimEnd();
    const before = readName();
    nameOwnProcess('kube-proxy');
    try {
      expect(readName()).toBe('kube-proxy');
    } finally {
      nameOwnProcess(before);
    }
  });

  it('are no longer asked for when nobody wants to know', async () => {
    await expect(observeNeighbours(() => true, AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});
