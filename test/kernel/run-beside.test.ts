/** Two of Menwei on one node: the processes have a name of their own, by which each is told of. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { testFolder, WEB } from './run-cluster.ts';
import { LAUNCHER, RunProcess } from './run-process.ts';

const manifest = testFolder().write('web.yaml', WEB);
const ARGS = ['--proxy-mode', 'nftables', '--manifests', manifest];
const WITHOUT_SERVERS = ['--metrics-bind-address=', '--healthz-bind-address='];
const PATIENCE = { timeout: 20_000 };

it.each(['menwei', 'kube-proxy'])(
  '%s that runs already is named, in the log and by a clean-up',
  async (program) => {
    const args = program === 'menwei' ? ['run', ...ARGS] : ARGS;
    const other = spawn(join(LAUNCHER, '..', program), [...args, ...WITHOUT_SERVERS], { stdio: 'ignore' });
    try {
      await using run = RunProcess.start([...ARGS, ...WITHOUT_SERVERS]);
      const name = `${program} (pid ${other.pid})`;
      await expect
        .poll(() => run.log('W'), PATIENCE)
        .toContainEqual(expect.stringContaining(`another proxy runs on this node: ${name}`));
      const { stdout, stderr } = await promisify(execFile)(LAUNCHER, ['cleanup']);
      expect(stdout).toContain('removed table ip menwei');
      expect(stderr).toContain(
        `a proxy still runs here and makes its rules again until it is stopped: ${name}`,
      );
    } finally {
      other.kill('SIGKILL');
    }
  },
);
