/**
 * What active health checks of many endpoints take, and how soon a dead one is found beside HAProxy, with the same timing.
 *
 *   npm run bench:health-checks -- [--endpoints 10000] [--rate 500] [--seconds 20] [--trials 5] [--json]
 *
 * The endpoints are addresses of the loopback interface of a network namespace, served by this process; the checks are in a
 * process of their own. Detection: one endpoint behind a cable that is cut, checked by both in the same moment.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect as connectTo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import { connect, Namespace } from '../test/kernel/segment-namespaces.ts';
import { median, round } from './figures.ts';
import { positive, progress } from './options.ts';
import { residentMb, scheduledSeconds } from './started-process.ts';

interface Options {
  readonly endpoints: number;
  readonly rate: number;
  readonly seconds: number;
  readonly trials: number;
  readonly json: boolean;
}

const options = new Command('bench:health-checks')
  .option('--endpoints <n>', 'endpoints to be checked every two seconds', positive, 10_000)
  .option('--rate <n>', '--health-check-rate', positive, 500)
  .option('--seconds <n>', 'how long is measured', positive, 20)
  .option('--trials <n>', 'how often the cable is cut', positive, 5)
  .option('--json', 'one JSON object on the last line', false)
  .parse()
  .opts<Options>();

/** health § 9: of one core, and of each endpoint. */
const GOALS = { cpuPercent: 15, bytes: 1_024 } as const;
const PROCESS = new URL('health-checks-process.ts', import.meta.url).pathname;
const PORT = 9_000;
const SETTLE_MS = 8_000;
const TIMING = 'interval=2s timeout=1s fast=500ms fall=3 rise=2';

async function main(): Promise<void> {
  const cost = await measureCost();
  const detection = await measureDetection();
  const lines = [
    `checks a second: ${cost.perSecond} (at most ${options.rate})`,
    `processor: ${cost.cpuPercent} % of a core (goal ${GOALS.cpuPercent} %), ${cost.microseconds} µs a check`,
    `memory: ${cost.bytes} bytes an endpoint (goal ${GOALS.bytes}), and ${cost.threadMb} MB for the thread`,
    ...detection.map(
      ({ what, menweiMs, haproxyMs, ratio }) =>
        `${what}: down after ${menweiMs} ms, HAProxy ${haproxyMs} ms (medians): ratio ${ratio}`,
    ),
  ];
  for (const line of lines) process.stdout.write(`${line}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify({ cost, detection })}\n`);
}

async function startChecks(node: Namespace, order: object) {
  const args = [
    '--disable-warning=ExperimentalWarning',
    '--max-semi-space-size=2',
    PROCESS,
    JSON.stringify(order),
  ];
  const child = node.within(() => spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] }));
  const { stdout, stdin, pid } = child;
  if (pid === undefined) throw new Error('BUG: no process');
  const lines = createInterface({ input: stdout });
  await once(lines, 'line');
  return { child, pid, lines, begin: () => stdin.write('go\n') };
}

async function end(child: ChildProcess): Promise<void> {
  child.kill();
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
}

function listen(node: Namespace, port: number): Server {
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => undefined).resume();
  });
  return node.within(() => server.listen(port));
}

let connections = 0;

async function measureCost() {
  progress('one endpoint, for what the thread takes by itself');
  const alone = await measureChecks(1, 2);
  const { endpoints, rate, seconds } = options;
  progress(`${endpoints} endpoints every 2 s, at most ${rate} checks a second`);
  const all = await measureChecks(endpoints, seconds);
  return {
    perSecond: round(all.checks / seconds),
    cpuPercent: round((100 * all.cpuSeconds) / seconds),
    microseconds: round((1e6 * all.cpuSeconds) / all.checks),
    threadMb: round(alone.grownMb),
    bytes: Math.round(((all.grownMb - alone.grownMb) * 2 ** 20) / endpoints),
  };
}

async function measureChecks(endpoints: number, seconds: number) {
  using node = new Namespace();
  const servers = [listen(node, PORT), listen(node, PORT + 1)];
  const { rate } = options;
  const order = { endpoints, perService: 50, annotation: `tcp ${TIMING}`, rate, port: PORT };
  const { child, pid, begin } = await startChecks(node, order);
  await sleep(1_000);
  const beforeMb = residentMb(pid);
  begin();
  await sleep(SETTLE_MS + (1_000 * endpoints) / rate);
  const [startedSeconds, startedConnections] = [scheduledSeconds(pid), connections];
  await sleep(1_000 * seconds);
  const cpuSeconds = scheduledSeconds(pid) - startedSeconds;
  const checks = connections - startedConnections;
  const afterMb = residentMb(pid);
  await end(child);
  for (const server of servers) server.close();
  return { checks, cpuSeconds, grownMb: afterMb - beforeMb };
}

async function measureDetection() {
  using node = new Namespace();
  using pod = new Namespace();
  connect(
    { at: node, name: 'eth0', mac: '02:00:00:00:00:01', linkLocal: 'fe80::1' },
    { at: pod, name: 'eth0', mac: '02:00:00:00:00:02', linkLocal: 'fe80::2' },
  );
  node.ip('addr', 'add', '10.9.0.1/24', 'dev', 'eth0');
  pod.ip('addr', 'add', '10.9.0.2/24', 'dev', 'eth0');
  const results = [];
  for (const way of ['cable cut', 'connection refused'] as const) {
    const menwei: number[] = [];
    const haproxy: number[] = [];
    for (let trial = 0; trial < options.trials; trial++) {
      progress(`${way}: trial ${trial + 1} of ${options.trials}`);
      const found = await detectOnce(node, pod, way);
      menwei.push(found.menweiMs);
      haproxy.push(found.haproxyMs);
    }
    const [menweiMs, haproxyMs] = [Math.round(median(menwei)), Math.round(median(haproxy))];
    results.push({ what: way, menweiMs, haproxyMs, ratio: round(menweiMs / haproxyMs, 2) });
  }
  return results;
}

async function detectOnce(node: Namespace, pod: Namespace, way: 'cable cut' | 'connection refused') {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
  const server = listen(pod, PORT);
  const endpoints = [
    { ip: '10.9.0.2', port: PORT },
    { ip: '10.9.0.1', port: PORT },
  ];
  const other = listen(node, PORT);
  const order = { endpoints, perService: 2, annotation: `tcp ${TIMING}`, rate: 500, port: PORT };
  const { child, lines, begin } = await startChecks(node, order);
  const proxy = startHaproxy(node, folder);
  begin();
  await sleep(5_000 + Math.random() * 2_000);
  const menwei = new Promise<number>((resolve) => {
    lines.on('line', (line) => {
      const { endpoint, state, atMs } = JSON.parse(line);
      if (endpoint === `10.9.0.2:${PORT}` && state === 'down') resolve(atMs);
    });
  });
  const startedMs = Date.now();
  if (way === 'cable cut') pod.ip('link', 'set', 'eth0', 'down');
  else server.close();
  const haproxyMs = (await haproxyDown(join(folder, 'stats'))) - startedMs;
  const menweiMs = (await menwei) - startedMs;
  if (way === 'cable cut') {
    pod.ip('link', 'set', 'eth0', 'up');
    server.close();
  }
  other.close();
  await Promise.all([end(child), end(proxy)]);
  rmSync(folder, { recursive: true });
  return { menweiMs, haproxyMs };
}

function startHaproxy(node: Namespace, folder: string): ChildProcess {
  const file = join(folder, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  stats socket ${join(folder, 'stats')}
defaults
  mode tcp
  timeout connect 1s
  timeout client 1s
  timeout server 1s
  timeout check 1s
backend web
  default-server check inter 2s fastinter 500ms fall 3 rise 2
  server a 10.9.0.2:${PORT}
  server b 10.9.0.1:${PORT}
`,
  );
  return node.within(() => spawn('haproxy', ['-f', file, '-db'], { stdio: 'ignore' }));
}

/** When its first server was down. */
async function haproxyDown(socketPath: string): Promise<number> {
  for (;;) {
    const state = await askHaproxy(socketPath);
    // Operational state, the sixth field: 0 is stopped.
    if (state.split('\n').some((line) => line.includes(' a 10.9.0.2 0 '))) return Date.now();
    await sleep(20);
  }
}

async function askHaproxy(socketPath: string): Promise<string> {
  const socket = connectTo(socketPath);
  socket.end('show servers state web\n');
  let text = '';
  for await (const part of socket.setEncoding('utf8')) text += part;
  return text;
}

await orFail(main);
