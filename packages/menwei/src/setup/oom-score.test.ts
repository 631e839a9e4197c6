import type { KernelFiles } from '@menwei/kernel/kernel-file.ts';
import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { applyOomScore } from './oom-score.ts';

function apply(wanted: number, found: string, refusal?: KernelError) {
  const written: unknown[] = [];
  const said: string[] = [];
  const files: KernelFiles = {
    read: () => found,
    write: (_path, value) => {
      if (refusal !== undefined) throw refusal;
      written.push(value);
      return true;
    },
    isReadOnly: () => false,
  };
  const logger = { ...silentLogger, info: (_fields: object, message: string) => said.push(message) };
  applyOomScore({ oomScoreAdj: wanted }, files, logger);
  return { written, said };
}

describe('applyOomScore', () => {
  it('writes what is different, and only that', () => {
    expect(apply(-999, '0')).toEqual({ written: [-999], said: [] });
    expect(apply(-999, '-999')).toEqual({ written: [], said: [] });
  });

  it('goes on without the right to, and says what it takes', () => {
    const refusal = new KernelError({
      operation: 'write',
      object: 'x',
      detail: 'Permission denied',
      errno: 13,
    });
    expect(apply(-999, '0', refusal)).toEqual({
      written: [],
      said: ['oom_score_adj not set; it takes CAP_SYS_RESOURCE to lower it'],
    });
  });
});
