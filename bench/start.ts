/**
 * The start of `menwei`, and what it takes while it has nothing to do: of the npm package, beside the sources of this checkout.
 *
 *   npm run bench:start [-- --rounds 5 --idle-seconds 35 --modes nftables,iptables --services 10 --json]
 *
 * "first Service" is the time from the start of the launcher until a connection to a ClusterIP is answered by an endpoint,
 * with objects from a file and from an API server on this machine. Memory is resident memory of all processes of the proxy, some
 * seconds later; processor time is theirs and that of their tools. It runs in a network namespace of its own; the kinds of
 * start take turns. Modes that this kernel can't run are left out.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { Command } from 'commander';
import { MODE_NAMES } from 'menwei/config/settings.ts';
import { startApiServer } from './api-server.ts';
import { median, round } from './figures.ts';
import { makeNode } from './node.ts';
import { NODE_VIEW, serviceJson, sliceJson } from './objects.ts';
import { natural, positive, progress } from './options.ts';
import { packed } from './packed.ts';
import { cpuSeconds, residentMb, startLaunched } from './started-process.ts';

interface Options {
  readonly rounds: number;
  readonly services: number;
  readonly idleSeconds: number;
  readonly modes: readonly string[];
  readonly json: boolean;
}

const options = new Command('bench:start')
  .option('--rounds <n>', 'starts of each kind', positive, 5)
  .option('--services <n>', 'Services', positive, 10)
  .option('--idle-seconds <n>', 'how long each mode is idle while its processor time is taken', natural, 35)
  .option('--modes <list>', 'some modes', (text) => text.split(','), usableModes())
  .option('--json', 'one JSON array on the last line', false)
  .parse()
  .opts<Options>();

const ROOT = join(import.meta.dirname, '..');
const ENDPOINTS = 3;
/** Some seconds after its start the process gives memory back. */
const REST_MS = 12_000;

interface Launcher {
  readonly name: 'package' | 'sources';
  readonly path: string;
}

interface Source {
  readonly name: 'files' | 'API server';
  readonly flags: readonly string[];
}

/** What was started, and on what. */
interface Kind {
  readonly launcher: string;
  readonly mode: string;
  readonly source: string;
}

interface Figures extends Kind {
  readonly firstServiceMs: number[];
  readonly memoryMb: number[];
  idleCpuPercent?: number;
}

function usableModes(): readonly string[] {
  return MODE_NAMES.filter((mode) => mode !== 'ipvs' || observeIpvsSupport() === undefined);
}

async function main(folder: string): Promise<void> {
  const launchers: readonly Launcher[] = [
    { name: 'package', path: packed(folder) },
    { name: 'sources', path: join(ROOT, 'bin/menwei') },
  ];
  const versionMs = measureVersion(launchers);
  openNetwork();
  const endpoint = createServer((socket) => socket.end()).listen(8080);
  using server = await startApiServer(options.services, ENDPOINTS);
  const sources = writeSources(folder, server.kubeconfig);
  const figures: Figures[] = [];
  for (let number = 1; number <= options.rounds; number++) {
    progress(`round ${number} of ${options.rounds} …`);
    for (const mode of options.modes) {
      for (const source of sources) {
        for (const launcher of launchers) await measure(launcher, mode, source, figures, number);
      }
    }
  }
  endpoint.close();
  report(versionMs, figures);
}

function measureVersion(launchers: readonly Launcher[]): ReadonlyMap<string, number> {
  const taken = new Map(launchers.map(({ name }) => [name, [] as number[]]));
  for (let index = 0; index < 4 * options.rounds; index++) {
    for (const { name, path } of launchers) {
      const startedMs = performance.now();
      spawnSync(path, ['--version']);
      taken.get(name)?.push(performance.now() - startedMs);
    }
  }
  return new Map([...taken].map(([name, times]) => [name, median(times)]));
}

/** ClusterIPs lead to an interface that swallows what no rule takes, endpoints to this process. */
function openNetwork(): void {
  unshare(CLONE_NEWNET);
  makeNode([`${NODE_VIEW.ip}/24`]);
  const ip = (...args: readonly string[]) => execFileSync('ip', args);
  ip('route', 'add', 'default', 'dev', 'eth0');
  ip('route', 'add', 'local', '10.128.0.0/16', 'dev', 'lo');
}

function writeSources(folder: string, kubeconfig: string): readonly Source[] {
  const items = Array.from({ length: options.services }, (_, index) => [
    { apiVersion: 'v1', kind: 'Service', ...serviceJson(index) },
    { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...sliceJson(index, ENDPOINTS) },
  ]).flat();
  const objects = join(folder, 'objects');
  mkdirSync(objects);
  writeFileSync(join(objects, 'list.json'), JSON.stringify({ apiVersion: 'v1', kind: 'List', items }));
  writeFileSync(join(folder, 'kubeconfig'), kubeconfig);
  return [
    { name: 'files', flags: ['--manifests', objects] },
    { name: 'API server', flags: ['--kubeconfig', join(folder, 'kubeconfig')] },
  ];
}

async function measure(
  launcher: Launcher,
  mode: string,
  source: Source,
  figures: Figures[],
  number: number,
): Promise<void> {
  const kind = { launcher: launcher.name, mode, source: source.name };
  const known = findKind(figures, kind);
  const figure = known ?? { ...kind, firstServiceMs: [], memoryMb: [] };
  if (known === undefined) figures.push(figure);
  const node = [`--hostname-override=${NODE_VIEW.name}`, '--cluster-cidr=10.128.0.0/9'];
  const proxy = await startLaunched(
    launcher.path,
    ['run', `--proxy-mode=${mode}`, ...node, ...source.flags],
    {
      host: '10.96.0.1',
      port: 80,
    },
  );
  try {
    figure.firstServiceMs.push(proxy.answeredMs);
    await sleep(REST_MS);
    figure.memoryMb.push(residentMb(proxy.pid));
    if (number === 1 && launcher.name === 'package' && options.idleSeconds > 0) {
      const before = cpuSeconds(proxy.pid);
      await sleep(options.idleSeconds * 1_000);
      figure.idleCpuPercent = ((cpuSeconds(proxy.pid) - before) / options.idleSeconds) * 100;
    }
  } finally {
    await proxy.end();
    execFileSync(launcher.path, ['cleanup'], { stdio: 'ignore' });
  }
}

function findKind<Row extends Kind>(rows: readonly Row[], { launcher, mode, source }: Kind): Row | undefined {
  return rows.find((row) => row.launcher === launcher && row.mode === mode && row.source === source);
}

function report(versionMs: ReadonlyMap<string, number>, figures: readonly Figures[]): void {
  const rows = figures.map(({ firstServiceMs, memoryMb, idleCpuPercent, ...key }) => ({
    ...key,
    firstServiceMs: Math.round(median(firstServiceMs)),
    memoryMb: Math.round(median(memoryMb)),
    ...(idleCpuPercent !== undefined && { idleCpuPercent: round(idleCpuPercent, 2) }),
  }));
  const [ofPackage = 0, ofCheckout = 0] = [versionMs.get('package'), versionMs.get('sources')];
  console.log(`--version: ${round(ofPackage)} ms, from sources ${round(ofCheckout)} ms`);
  console.table(
    rows
      .filter(({ launcher }) => launcher === 'package')
      .map((row) => {
        const sources = findKind(rows, { ...row, launcher: 'sources' }) ?? row;
        return {
          mode: row.mode,
          source: row.source,
          'first Service': `${row.firstServiceMs} ms`,
          'to sources': round(row.firstServiceMs / sources.firstServiceMs, 2),
          memory: `${row.memoryMb} MB`,
          'to sources ': round(row.memoryMb / sources.memoryMb, 2),
          idle: row.idleCpuPercent === undefined ? '' : `${row.idleCpuPercent} %`,
        };
      }),
  );
  if (options.json) console.log(JSON.stringify({ versionMs: Object.fromEntries(versionMs), rows }));
}

const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
try {
  await main(folder);
} finally {
  rmSync(folder, { recursive: true });
}
