/**
 * What an answer costs `menwei dns` of the npm package, beside dnsmasq, unbound and the library that CoreDNS is made of (where they
 * are installed: Debian's packages dnsmasq-base, unbound, golang-go with golang-github-miekg-dns-dev), with the same names, by
 * dnsperf, in a network namespace of its own. Each round asks one after the other.
 *
 *   npm run bench:dns-server -- [--services 1000] [--rounds 5] [--seconds 4] [--rate 20000] [--from-source] [--json]
 *
 * Five of six questions are for the address of a Service, the sixth for one that does not exist. "us" is processor time of the server
 * in microseconds an answer, with as many questions under way as dnsperf can keep; "ratio" is that to dnsmasq's of the same run.
 * "p99" is the time that 99 of 100 questions take at most at the given rate.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { Command } from 'commander';
import { median, quantile, round } from './figures.ts';
import { positive, progress } from './options.ts';
import { packed } from './packed.ts';
import { residentMb, scheduledSeconds } from './started-process.ts';

interface Options {
  readonly services: number;
  readonly rounds: number;
  readonly seconds: number;
  readonly rate: number;
  readonly fromSource: boolean;
  readonly json: boolean;
}

const options = new Command('bench:dns-server')
  .option('--services <n>', 'Services that there are', positive, 1000)
  .option('--rounds <n>', 'of all servers', positive, 5)
  .option('--seconds <n>', 'that each is asked in a round', positive, 4)
  .option('--rate <n>', 'questions a second for the time of an answer', positive, 20_000)
  .option('--from-source', 'menwei as it is in the checkout instead of packed', false)
  .option('--json', 'one JSON object on the last line', false)
  .parse()
  .opts<Options>();

const DOMAIN = 'cluster.local';
const FOUND_OF_SIX = 5;

interface Server {
  readonly name: string;
  readonly port: number;
  readonly process: ChildProcess;
  readonly pid: number;
  readonly microseconds: number[];
  readonly rates: number[];
  readonly p99Ms: number[];
}

unshare(CLONE_NEWNET);
execFileSync('ip', ['link', 'set', 'lo', 'up']);
const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-dns-'));
const servers: Server[] = [];
try {
  await run();
} finally {
  for (const { process } of servers) process.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

async function run(): Promise<void> {
  const names = Array.from(
    { length: options.services },
    (_, index) => `service-${index}.default.svc.${DOMAIN}`,
  );
  const questions = join(folder, 'questions');
  writeFileSync(questions, questionsOf(names));
  await start('menwei', 5301, menwei(names));
  await start('dnsmasq', 5302, dnsmasq(names));
  await start('unbound', 5303, unbound(names));
  await start('miekg/dns', 5304, miekg());
  for (const server of servers) ask(server, questions, ['-l', '3']);
  for (let number = 1; number <= options.rounds; number += 1) {
    progress(`round ${number}`);
    for (const server of servers) measureCost(server, questions);
    for (const server of servers) measureTime(server, questions);
  }
  report();
}

function questionsOf(names: readonly string[]): string {
  const lines = names.map((name, index) => `${index % 6 < FOUND_OF_SIX ? name : `not-${name}`} A`);
  return `${lines.join('\n')}\n`;
}

function address(index: number): string {
  return `10.96.${index >> 8}.${index & 255}`;
}

function menwei(names: readonly string[]): readonly string[] {
  const manifests = join(folder, 'services.json');
  const objects = [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
    ...names.map((name, index) => ({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: name.split('.', 1)[0], namespace: 'default' },
      spec: { clusterIP: address(index + 1), clusterIPs: [address(index + 1)], ports: [{ port: 80 }] },
    })),
  ];
  writeFileSync(manifests, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  const launcher = options.fromSource
    ? join(import.meta.dirname, '../bin/menwei')
    : packed(join(folder, 'package'));
  return [launcher, 'dns', '--manifests', manifests, '--dns-bind', '127.0.0.1:5301', '--dns-forward', 'none'];
}

function dnsmasq(names: readonly string[]): readonly string[] {
  const hosts = join(folder, 'hosts');
  writeFileSync(hosts, `${names.map((name, index) => `${address(index + 1)} ${name}`).join('\n')}\n`);
  const limits = ['--cache-size=10000', '--dns-forward-max=1000', '--local-ttl=5'];
  const place = [
    '--port=5302',
    '--listen-address=127.0.0.1',
    '--bind-interfaces',
    `--pid-file=${folder}/pid`,
  ];
  const user = ['--user=root', '--group=root', '--conf-file=/dev/null', '--keep-in-foreground'];
  return [
    'dnsmasq',
    ...user,
    ...place,
    ...limits,
    '--no-resolv',
    '--no-hosts',
    `--addn-hosts=${hosts}`,
    `--local=/${DOMAIN}/`,
  ];
}

function unbound(names: readonly string[]): readonly string[] {
  const file = join(folder, 'unbound.conf');
  const soa = `${DOMAIN}. 5 IN SOA ns.${DOMAIN}. root.${DOMAIN}. 1 7200 1800 86400 5`;
  const lines = [
    ...[
      'server:',
      'interface: 127.0.0.1@5303',
      'num-threads: 1',
      'username: ""',
      'chroot: ""',
      'do-daemonize: no',
    ],
    ...[
      'use-syslog: no',
      'verbosity: 0',
      `pidfile: "${folder}/unbound.pid"`,
      'access-control: 127.0.0.0/8 allow',
    ],
    ...[`local-zone: "${DOMAIN}." static`, `local-data: "${soa}"`],
    ...names.map((name, index) => `local-data: "${name}. 5 IN A ${address(index + 1)}"`),
  ];
  writeFileSync(file, `${lines.join('\n')}\nremote-control:\n  control-enable: no\n`);
  return ['unbound', '-d', '-c', file];
}

/** Behind dnsmasq, whose file of hosts it reads. */
function miekg(): readonly string[] {
  const program = join(folder, 'miekg-dns');
  const env = {
    ...process.env,
    GO111MODULE: 'off',
    GOPATH: '/usr/share/gocode',
    GOCACHE: join(folder, 'go'),
  };
  const args = ['build', '-o', program, join(import.meta.dirname, 'miekg-dns.go')];
  const { status } = spawnSync('go', args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0 ? ['env', 'GOMAXPROCS=1', program, '127.0.0.1:5304', join(folder, 'hosts')] : ['no-go'];
}

/** A program that is not installed is left out. */
async function start(name: string, port: number, [path = '', ...args]: readonly string[]): Promise<void> {
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  child.stderr?.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const spawned = await Promise.race([
    once(child, 'spawn').then(() => true),
    once(child, 'error').then(() => false),
  ]);
  if (!spawned || child.pid === undefined) {
    progress(`${name} is not installed`);
    return;
  }
  servers.push({ name, port, process: child, pid: child.pid, microseconds: [], rates: [], p99Ms: [] });
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (child.exitCode !== null) break;
    if (isAnswering(port)) return;
    await sleep(50);
  }
  throw new Error(`${name} does not answer:\n${log.join('')}`);
}

function isAnswering(port: number): boolean {
  const name = `service-0.default.svc.${DOMAIN}`;
  const { stdout } = spawnSync('dig', ['@127.0.0.1', '-p', `${port}`, '+short', '+time=1', '+tries=1', name]);
  return String(stdout).trim() === address(1);
}

function ask({ port }: Server, questions: string, how: readonly string[]): string {
  const args = ['-s', '127.0.0.1', '-p', `${port}`, '-d', questions, '-c', '8', '-q', '100', ...how];
  return execFileSync('dnsperf', args, { encoding: 'utf8', maxBuffer: 1 << 30 });
}

function measureCost(server: Server, questions: string): void {
  const before = scheduledSeconds(server.pid);
  const told = ask(server, questions, ['-l', `${options.seconds}`]);
  const seconds = scheduledSeconds(server.pid) - before;
  const answers = Number(/Queries completed:\s+(\d+)/.exec(told)?.[1]);
  server.microseconds.push((seconds * 1e6) / answers);
  server.rates.push(Number(/Queries per second:\s+([\d.]+)/.exec(told)?.[1]));
}

function measureTime(server: Server, questions: string): void {
  const told = ask(server, questions, ['-l', '2', '-Q', `${options.rate}`, '-v']);
  const times = Array.from(
    told.matchAll(/^> \S+ \S+ \S+ ([\d.]+)$/gm),
    ([, seconds]) => Number(seconds) * 1000,
  );
  server.p99Ms.push(quantile(times, 0.99));
}

function report(): void {
  const reference = servers.find(({ name }) => name === 'dnsmasq');
  const rows = servers.map(({ name, pid, microseconds, rates, p99Ms }) => ({
    server: name,
    us: round(median(microseconds), 2),
    ratio: reference && round(median(microseconds) / median(reference.microseconds), 2),
    'answers/s': Math.round(median(rates)),
    'p99 ms': round(median(p99Ms), 2),
    'RSS MB': round(residentMb(pid)),
  }));
  console.table(rows);
  if (options.json) console.log(JSON.stringify({ options, rows }));
}
