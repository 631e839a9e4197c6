/**
 * Memory of `menwei run` in nftables mode, fed by an API server:
 *
 *   node bench/run-memory.ts [Services] [endpoints of each] [launcher]
 *
 * It starts twice in one network namespace of its own, so the second start finds the rules of the first. The server is a
 * process of its own; the launcher is that of this checkout unless another one is named.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { startApiServer } from './api-server.ts';
import { NODE_VIEW } from './objects.ts';
import { progress } from './options.ts';

const OWN_LAUNCHER = fileURLToPath(new URL('../bin/menwei', import.meta.url));
/** After the first sync the process has time to give memory back, or to take more. */
const REST_MS = 5_000;
const SYNC_TIMEOUT_MS = 120_000;

const [first = '5000', second = '50', third = OWN_LAUNCHER] = process.argv.slice(2);
await main(Number(first), Number(second), third);

async function main(services: number, endpoints: number, launcher: string): Promise<void> {
  unshare(CLONE_NEWNET);
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  using server = await startApiServer(services, endpoints);
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
  try {
    const kubeconfig = join(folder, 'kubeconfig');
    writeFileSync(kubeconfig, server.kubeconfig);
    progress(`${services} Services × ${endpoints} endpoints, ${launcher}`);
    for (const start of ['first start', 'restart']) {
      const { rssMb, peakMb } = await measure(launcher, kubeconfig);
      process.stdout.write(`${start.padEnd(12)} ${rssMb.toFixed(0)} MB, at most ${peakMb.toFixed(0)} MB\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(launcher: string, kubeconfig: string): Promise<{ rssMb: number; peakMb: number }> {
  const args = ['run', '--proxy-mode=nftables', `--kubeconfig=${kubeconfig}`];
  const node = [`--hostname-override=${NODE_VIEW.name}`, '--cluster-cidr=10.128.0.0/9', '--v=0'];
  const proxy = spawn(launcher, [...args, ...node], { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  proxy.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  try {
    await synced(proxy, log);
    await setTimeout(REST_MS);
    const status = readFileSync(`/proc/${proxy.pid}/status`, 'utf8');
    return { rssMb: megabytes(status, 'VmRSS'), peakMb: megabytes(status, 'VmHWM') };
  } finally {
    proxy.kill();
    if (proxy.exitCode === null) await once(proxy, 'exit');
  }
}

async function synced(proxy: ChildProcess, log: readonly string[]): Promise<void> {
  const endMs = performance.now() + SYNC_TIMEOUT_MS;
  while (!log.join('').includes('family=IPv4 ')) {
    if (proxy.exitCode !== null || performance.now() > endMs) throw new Error(`not synced:\n${log.join('')}`);
    await setTimeout(100);
  }
}

function megabytes(status: string, field: string): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1];
  if (kilobytes === undefined) throw new Error(`no ${field} in the status of the process`);
  return Number(kilobytes) / 1024;
}
