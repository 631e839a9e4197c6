/** A cluster's names in files, a menwei dns that answers for them, and a server of others behind it, all in the namespace of the test. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, vi } from 'vitest';
import { RunProcess } from './run-process.ts';

const PATIENCE = { timeout: 20_000, interval: 100 };
const execute = promisify(execFile);

const DNS_IP = '127.0.0.1';
/** Knows `www.example.org`, by both families, and that nothing else is there. */
const OTHERS_IP = '127.0.0.9';

const SERVICES = `
apiVersion: v1
kind: Namespace
metadata: {name: default}
---
apiVersion: v1
kind: Namespace
metadata: {name: bare}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  clusterIP: 10.96.0.80
  clusterIPs: [10.96.0.80, 'fd00:96::80']
  ipFamilies: [IPv4, IPv6]
  ports: [{name: http, port: 80}, {name: dns, port: 53, protocol: UDP}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080}, {name: dns, port: 53, protocol: UDP}]
endpoints: [{addresses: [10.244.1.11], hostname: web-0}]
---
apiVersion: v1
kind: Service
metadata: {name: 1one}
spec: {clusterIP: 10.96.0.81, ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: db}
spec: {clusterIP: None, ports: [{name: sql, port: 5432}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-1, labels: {kubernetes.io/service-name: db, service.kubernetes.io/headless: ''}}
addressType: IPv4
ports: [{name: sql, port: 5432}]
endpoints:
  - {addresses: [10.244.1.21], hostname: db-0}
  - {addresses: [10.244.1.22], hostname: db-1, conditions: {ready: true}}
  - {addresses: [10.244.1.23], hostname: db-2, conditions: {ready: false}}
  - {addresses: [10.244.1.24]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: db-2, labels: {kubernetes.io/service-name: db, service.kubernetes.io/headless: ''}}
addressType: IPv6
ports: [{name: sql, port: 5432}]
endpoints: [{addresses: ['fd00:244::21'], hostname: db-0}]
---
apiVersion: v1
kind: Service
metadata: {name: empty}
spec: {clusterIP: None, ports: [{name: sql, port: 5432}]}
---
apiVersion: v1
kind: Service
metadata: {name: outside}
spec: {type: ExternalName, externalName: www.example.org}
---
apiVersion: v1
kind: Service
metadata: {name: inside}
spec: {type: ExternalName, externalName: web.default.svc.cluster.local}
---
apiVersion: v1
kind: Service
metadata: {name: gone}
spec: {type: ExternalName, externalName: nobody.example.org}
---
apiVersion: v1
kind: Service
metadata: {name: number}
spec: {type: ExternalName, externalName: 192.0.2.7}
`;

/** The server is to be ended by a test: see {@link RunProcess.end}. */
export class DnsWorld implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), 'menwei-dns-'));
  readonly manifests = join(this.folder, 'manifests');
  readonly resolvConf = join(this.folder, 'resolv.conf');
  readonly #others: ChildProcess;
  dns: RunProcess;

  private constructor(flags: readonly string[]) {
    mkdirSync(this.manifests);
    this.write('services.yaml', SERVICES);
    this.search('default');
    this.#others = startOthers();
    this.dns = RunProcess.start([...this.#flags(), ...flags], { command: 'dns' });
  }

  static async start(...flags: readonly string[]): Promise<DnsWorld> {
    const world = new DnsWorld(flags);
    await vi.waitFor(
      () => expect(world.dns.log('I').join('\n')).toContain('DNS server is listening'),
      PATIENCE,
    );
    await vi.waitFor(
      async () => expect((await dig('www.example.org', 'A'))[0]?.status).toBe('NOERROR'),
      PATIENCE,
    );
    return world;
  }

  /** As an editor does. */
  write(name: string, text: string): void {
    writeFileSync(join(this.folder, name), text);
    renameSync(join(this.folder, name), join(this.manifests, name));
  }

  /** What pods of a namespace have in their resolv.conf. */
  search(namespace: string, more = ''): void {
    const search = `${namespace}.svc.cluster.local svc.cluster.local cluster.local`;
    writeFileSync(this.resolvConf, `nameserver ${DNS_IP}\nsearch ${search}${more}\noptions ndots:5\n`);
  }

  /** What a program prints that has that resolv.conf, or `exit N`. */
  async run(...command: readonly string[]): Promise<string> {
    const mounted = 'mount --bind "$0" /etc/resolv.conf && exec "$@"';
    const argv = [
      '--mount',
      '--propagation',
      'private',
      '/bin/sh',
      '-c',
      mounted,
      this.resolvConf,
      ...command,
    ];
    try {
      const { stdout } = await execute('unshare', argv, { timeout: 20_000 });
      return stdout.trim();
    } catch (error) {
      if (error instanceof Error && 'code' in error && typeof error.code === 'number')
        return `exit ${error.code}`;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#others.kill('SIGKILL');
    rmSync(this.folder, { recursive: true });
  }

  #flags(): readonly string[] {
    const own = ['--dns-bind', DNS_IP, '--dns-forward', OTHERS_IP, '--dns-own-address', '10.96.0.80'];
    return ['--manifests', this.manifests, ...own];
  }
}

function startOthers(): ChildProcess {
  const hosts = ['--host-record=www.example.org,192.0.2.80,2001:db8::80'];
  const alone = [
    '--no-resolv',
    '--no-hosts',
    '--bogus-priv',
    '--bind-interfaces',
    `--listen-address=${OTHERS_IP}`,
  ];
  const argv = [
    '--keep-in-foreground',
    '--conf-file=/dev/null',
    '--pid-file=',
    '--address=/#/',
    ...alone,
    ...hosts,
  ];
  return spawn('setpriv', ['--pdeathsig', 'KILL', 'dnsmasq', ...argv], { stdio: 'ignore' });
}

interface Told {
  readonly status: string;
  readonly flags: string;
  /** `name TTL type data`, sorted: order is nobody's promise. */
  readonly answer: readonly string[];
  readonly authority: readonly string[];
  readonly additional: readonly string[];
}

/** What dig is told, for pairs of name and type; options of dig begin with `+`. */
export async function dig(...args: readonly string[]): Promise<readonly Told[]> {
  const options = args.filter((arg) => arg.startsWith('+'));
  const questions = args.filter((arg) => !arg.startsWith('+'));
  const argv = [
    `@${DNS_IP}`,
    '+noall',
    '+comments',
    '+answer',
    '+authority',
    '+additional',
    '+tries=1',
    ...options,
  ];
  const { stdout } = await execute('dig', [...argv, ...questions], { timeout: 20_000 });
  return parse(stdout);
}

function parse(text: string): readonly Told[] {
  return text
    .split(/^(?=;; ->>HEADER<<-)/m)
    .filter((part) => part.startsWith(';; ->>HEADER'))
    .map((part) => ({
      status: /status: (\w+)/.exec(part)?.[1] ?? '',
      flags: /[Ff]lags: ([^;]*);/.exec(part)?.[1]?.trim() ?? '',
      answer: section(part, 'ANSWER'),
      authority: section(part, 'AUTHORITY'),
      additional: section(part, 'ADDITIONAL'),
    }));
}

function section(text: string, name: string): readonly string[] {
  const [, lines = ''] = new RegExp(`^;; ${name} SECTION:\\n((?:[^;\\n].*\\n?)*)`, 'm').exec(text) ?? [];
  return lines
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replaceAll(/\s+/g, ' ').replace(' IN ', ' '))
    .sort();
}
