/** The first process of a PID namespace, as in a container. */
import { execFileSync } from 'node:child_process';
import { execPath } from 'node:process';
import { expect, it } from 'vitest';

const SOURCES = new URL('../../packages/kernel/src/', import.meta.url).href;

/** The tool ends, and what it leaves behind holds its output for longer than orphans are left alone. */
const SCRIPT = `
  import { reapOrphans } from '${SOURCES}orphans.ts';
  import { startToolRunner } from '${SOURCES}tool-runner.ts';
  using _orphans = reapOrphans();
  const runner = startToolRunner();
  const { status } = await runner.run({ file: 'sh', args: ['-c', 'setsid sleep 5 & exit 3'] });
  console.log(process.pid, status);
`;

it('leaves the status of its tools to who waits for them', () => {
  const namespaces = ['--pid', '--fork', '--kill-child', '--mount-proc'];
  const command = [execPath, '--input-type=module', '-e', SCRIPT];
  const printed = execFileSync('unshare', [...namespaces, ...command], { encoding: 'utf8' });
  expect(printed).toBe('1 3\n');
});
