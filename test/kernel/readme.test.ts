/** The commands of the README that work without Kubernetes, as they stand there, on the files of examples/. */
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const REPOSITORY = join(import.meta.dirname, '../..');
const README = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
const ENVIRONMENT = {
  ...process.env,
  PATH: `${REPOSITORY}/bin:${process.env.PATH}:/usr/sbin:/sbin`,
  MENWEI_LAB: `readme-${process.pid}`,
};

/** Those that are indented under a heading. */
function commandsUnder(heading: string): readonly string[] {
  const [, section = ''] = README.split(`\n### ${heading}\n`);
  const lines = section.replace(/\n###? .*/s, '').split('\n');
  const commands = lines.filter((line) => line.startsWith('    ')).map((line) => line.trim());
  expect(commands).not.toEqual([]);
  return commands;
}

function run(command: string): string {
  const { status, stdout, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', command], {
    cwd: REPOSITORY,
    env: ENVIRONMENT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command}: exit status ${status}: ${stderr}`);
  return stdout;
}

const started: ChildProcess[] = [];

/** Ended by the test, or at the latest with all of them. */
function start(command: string): ChildProcessWithoutNullStreams {
  const program = spawn('bash', ['-c', `exec ${command}`], { cwd: REPOSITORY, env: ENVIRONMENT });
  started.push(program);
  return program;
}

afterAll(() => {
  for (const program of started) program.kill('SIGKILL');
  spawnSync('bash', ['-c', 'menwei lab down'], { env: ENVIRONMENT });
});

describe('the README', () => {
  it('runs the proxy with manifests, and asks it', async () => {
    const [command = ''] = commandsUnder('Without Kubernetes');
    const proxy = start(command);
    const [once_ = '', watching = ''] = commandsUnder('To see what became of each service port');
    await expect
      .poll(() => spawnSync('bash', ['-c', once_], { env: ENVIRONMENT, encoding: 'utf8' }).stdout)
      .toMatch(/^default\/web\/TCP +IPv4 +programmed .* 2\/3/m);
    const watcher = start(watching);
    const [rows] = await once(watcher.stdout, 'data');
    expect(String(rows)).toContain('default/web/TCP');
    for (const program of [watcher, proxy]) {
      const ended = once(program, 'exit');
      program.kill('SIGTERM');
      expect(await ended).toEqual([0, null]);
    }
  });

  it('shows the rules', () => {
    const [iptables, nftables, ipvs] = commandsUnder('To see the rules').map(run);
    expect(iptables).toMatch(/-A KUBE-SVC-\w+ .*10\.244\.1\.11:80/);
    expect(nftables).toBe('');
    expect(ipvs).toContain('-a -t 10.96.0.80:80 -r 10.244.1.12:80');
  });

  it('tries things out on one machine', async () => {
    const commands = commandsUnder('To try things out on one machine');
    expect(commands).toContainEqual(expect.stringMatching(/menwei status$/));
    const outputs: string[] = [];
    // The demos are shown by a test of their own.
    for (const command of commands.filter((command) => !command.includes(' demo '))) {
      // A proxy that has just synced leaves a second until it takes in the next change (minSyncPeriod).
      if (command.endsWith('menwei status')) {
        await expect.poll(() => run(command)).toMatch(/^default\/web\/TCP .* 2\/3$/m);
      } else {
        outputs.push(run(command));
      }
    }
    const [up, byName, fromOutside, objects] = outputs;
    expect(up).toMatch(/^node-1 .* service ports programmed$/m);
    expect(byName).toMatch(/"pod":"web-\d".*"client":"10\.244\.2\.20"/);
    expect(fromOutside).toMatch(/"pod":"web-\d".*"client":"192\.168\.49\.2"/);
    expect(objects).toMatch(/^pod\/web-2 +1\/1 +Running/m);
    expect(outputs).toContainEqual('node-1: nftables, 4 service ports programmed\n');
    expect(outputs.at(-1)).toBe('the lab is down\n');
  });
});
