/** A Menwei that runs has a name of its own among processes, by which another one and a clean-up tell of it. */
import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { observeOtherProxies } from 'menwei/agent/other-proxies.ts';
import { expect, it } from 'vitest';
import { testFolder, WEB } from './run-cluster.ts';
import { LAUNCHER } from './run-process.ts';

const manifest = testFolder().write('web.yaml', WEB);
const ARGS = ['--proxy-mode', 'nftables', '--manifests', manifest];
const WITHOUT_SERVERS = ['--metrics-bind-address=', '--healthz-bind-address='];
const PATIENCE = { timeout: 60_000, interval: 100 };
const { signal } = new AbortController();

it.each(['menwei', 'kube-proxy'])(
  '%s that runs is named, also by a clean-up',
  async (program) => {
    const args = program === 'menwei' ? ['run', ...ARGS] : ARGS;
    const stdio = ['ignore', 'ignore', 'pipe'] as const;
    const run = spawn(join(LAUNCHER, '..', program), [...args, ...WITHOUT_SERVERS], { stdio: [...stdio] });
    let log = '';
    run.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    try {
      // The shell that starts it has the name as well.
      await expect.poll(() => log, PATIENCE).toMatch(/full sync complete/);
      const name = `${program} (pid ${run.pid})`;
      expect(await observeOtherProxies(signal)).toEqual([name]);
      const { stderr } = await promisify(execFile)(LAUNCHER, ['cleanup']);
      expect(stderr).toContain(
        `a proxy still runs here and makes its rules again until it is stopped: ${name}`,
      );
    } finally {
      run.kill('SIGKILL');
    }
  },
  120_000,
);
