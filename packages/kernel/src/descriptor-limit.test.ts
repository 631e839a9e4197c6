import { execFileSync, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';

const MODULE = new URL('./descriptor-limit.ts', import.meta.url).href;

/** In a process of its own, whose limit is nobody else's. */
function limitsAfter(wanted: number, softAndHard: number): readonly string[] {
  const script = `
    import { readFileSync } from 'node:fs';
    import { raiseDescriptorLimit } from '${MODULE}';
    const told = raiseDescriptorLimit(${wanted});
    const [, soft, hard] = /Max open files +(\\d+) +(\\d+)/.exec(readFileSync('/proc/self/limits', 'utf8'));
    console.log([told, soft, hard].join(' '));`;
  const argv = ['-c', `ulimit -n ${softAndHard}; exec "$0" "$@"`, process.execPath];
  const output = execFileSync('sh', [...argv, '--input-type=module', '-e', script], { encoding: 'utf8' });
  return output.trim().split(' ');
}

/** Takes CAP_SYS_RESOURCE, which containers often lack. */
const mayRaise = spawnSync('sh', ['-c', 'ulimit -n 1000 && ulimit -n 1500']).status === 0;

it('raises the limit above the hard one exactly where that is allowed', () => {
  const limit = mayRaise ? '1500' : '1000';
  expect(limitsAfter(1500, 1000)).toEqual([limit, limit, limit]);
});

it('never lowers the limit', () => {
  expect(limitsAfter(500, 1000)).toEqual(['1000', '1000', '1000']);
});

it('keeps what there is when the kernel allows no more', () => {
  expect(limitsAfter(2 ** 40, 1000)).toEqual(['1000', '1000', '1000']);
});
