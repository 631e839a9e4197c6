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
  const fields: string[] = [];
  const info = (given: object, message: string) => {
    said.push(message);
    fields.push(...Object.keys(given));
  };
  const logger = { ...silentLogger, info };
  applyOomScore({ oomScoreAdj: wanted }, files, logger);
  return { written, said, fields };
}

describe('applyOomScore', () => {
  it('writes what is different, and only that', () => {
    expect(apply(-999, '0')).toMatchObject({ written: [-999], said: [] });
    expect(apply(-999, '-999')).toMatchObject({ written: [], said: [] });
  });

  const refused = (errno: number, detail: string) =>
    new KernelError({ operation: 'write', object: 'x', detail, errno });

  it('goes on without the right to, and says what it takes, but no error: a container has it seldom', () => {
    expect(apply(-999, '0', refused(13, 'Permission denied'))).toEqual({
      written: [],
      said: ['oom_score_adj not set; it takes CAP_SYS_RESOURCE to lower it'],
      fields: ['wanted', 'kept'],
    });
  });

  it('goes on after any other refusal, and tells of it', () => {
    expect(apply(-999, '0', refused(5, 'I/O error'))).toEqual({
      written: [],
      said: ['oom_score_adj not set'],
      fields: ['wanted', 'kept', 'err'],
    });
  });
});
