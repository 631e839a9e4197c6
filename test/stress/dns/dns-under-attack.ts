/** `menwei dns`, as a process of its own, among hostile clients. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@menwei/testing/kernel/faults.ts';
import { crowdByTcp, floodByUdp, type Outcome } from './hostile-clients.ts';
import { HostileMessages } from './hostile-messages.ts';

const TARGET = { ip: '127.0.0.1', port: 5353 };
/** Nobody is there, so what is forwarded is answered late. */
const UPSTREAM = '127.0.0.1:5999';
/** More than the server takes at once are 1000 connections; so many of each kind there are for each message in a thousand. */
const MOST_CONNECTIONS = 1200;
/** What its memory may grow by once it has seen everything: what is left of the noise of a garbage collector. */
const MOST_GROWTH_MB = 64;

const SERVICE = { apiVersion: 'v1', kind: 'Service' };
const PORTS = [{ name: 'http', port: 80 }];
const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } },
  {
    ...SERVICE,
    metadata: { name: 'web', namespace: 'default' },
    spec: { clusterIP: '10.96.0.1', ports: PORTS },
  },
  {
    ...SERVICE,
    metadata: { name: 'headless', namespace: 'default' },
    spec: { clusterIP: 'None', ports: PORTS },
  },
  {
    ...SERVICE,
    metadata: { name: 'alias', namespace: 'default' },
    spec: { type: 'ExternalName', externalName: 'headless.default.svc.cluster.local' },
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'headless-1',
      namespace: 'default',
      labels: { 'kubernetes.io/service-name': 'headless' },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80 }],
    endpoints: Array.from({ length: 100 }, (_, index) => ({
      addresses: [`10.0.1.${index}`],
      hostname: `pod-${index}`,
      conditions: { ready: true },
    })),
  },
];

interface AttackOptions {
  readonly seed: number;
  /** Datagrams. */
  readonly messages: number;
  readonly report: (line: string) => void;
}

/** Attacks a server of its own; returns what should not be. */
export async function attackDns({ seed, messages, report }: AttackOptions): Promise<readonly string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-dns-'));
  const server = await startServer(folder);
  try {
    const hostile = new HostileMessages(seededRandom(seed));
    const faults: string[] = [];
    const tell = (what: string, { sent, answered, faults: found }: Outcome): void => {
      report(`${what}: ${sent} sent, ${answered} answered, ${residentMb(server)} MB`);
      faults.push(...found);
    };
    const half = Math.ceil(messages / 2);
    const connections = Math.min(MOST_CONNECTIONS, Math.ceil(messages / 100));
    let before = 0;
    for (const part of ['first', 'second']) {
      before = residentMb(server);
      tell(`${part} half`, await floodByUdp(TARGET, hostile, half));
      tell(`${part} crowd`, await crowdByTcp(TARGET, hostile, connections));
    }
    const growth = residentMb(server) - before;
    if (growth > MOST_GROWTH_MB) faults.push(`memory grew by ${growth} MB from ${before} MB`);
    if (server.exitCode !== null || server.signalCode !== null) faults.push('the server ended');
    return faults;
  } finally {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

async function startServer(folder: string): Promise<ChildProcess> {
  const manifest = join(folder, 'objects.json');
  writeFileSync(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }));
  const launcher = join(import.meta.dirname, '../../../bin/menwei');
  const place = `${TARGET.ip}:${TARGET.port}`;
  const args = ['dns', '--manifests', manifest, '--dns-bind', place, '--dns-forward', UPSTREAM];
  const server = spawn(launcher, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  await once(server, 'spawn');
  for (let attempt = 0; attempt < 10 && server.exitCode === null; attempt += 1) {
    const { faults } = await floodByUdp(TARGET, new HostileMessages(seededRandom(0)), 1);
    if (faults.length === 0) return server;
  }
  server.kill('SIGKILL');
  throw new Error('menwei dns does not start');
}

/** 0 of one that has ended. */
function residentMb({ pid, exitCode }: ChildProcess): number {
  if (exitCode !== null) return 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
}
