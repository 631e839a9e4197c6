/** A real HAProxy for tests: started by the provider, in the network namespace of the test file. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { ProviderBench } from '@menwei/testing/loadbalancer/conformance.ts';
import type { HAProxyProvider } from 'menwei/loadbalancer/providers/haproxy/haproxy-provider.ts';
import {
  DEFAULT_HAPROXY_SETTINGS,
  type HAProxySettings,
  type OpenHAProxy,
  openHAProxy,
} from 'menwei/loadbalancer/providers/haproxy/open-haproxy.ts';
import type { HAProxySpec } from 'menwei/loadbalancer/providers/haproxy/section.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import type { ObjectKey } from 'menwei/state/object-key.ts';
import { expect } from 'vitest';

const CLUSTER = 'c1';

/** Addresses of load balancers, which the kernel takes for its own. */
function takeServiceAddresses(): void {
  for (const range of ['192.0.2.0/24', '2001:db8::/64']) {
    execFileSync('ip', [range.includes(':') ? '-6' : '-4', 'route', 'replace', 'local', range, 'dev', 'lo']);
  }
}

export class HAProxyBench implements ProviderBench<HAProxySpec> {
  readonly folder: string;
  readonly #tools = startToolRunner();
  readonly #opened: OpenHAProxy;
  #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  readonly #binary: string;

  private constructor(binary: string) {
    this.folder = mkdtempSync(join(tmpdir(), 'menwei-haproxy-'));
    this.#binary = binary;
    this.#opened = this.#open(CLUSTER);
  }

  static async start(binary = 'haproxy'): Promise<HAProxyBench> {
    takeServiceAddresses();
    const bench = new HAProxyBench(binary);
    await bench.setAway(false);
    return bench;
  }

  /** The one that runs HAProxy; others use what it runs. */
  get provider(): HAProxyProvider {
    return this.#opened.provider;
  }

  open(cluster = CLUSTER): HAProxyProvider {
    return this.#open(cluster).provider;
  }

  /** A provider that uses what runs here as an HAProxy that somebody else has started. */
  openRunning(): HAProxyProvider {
    const at = (name: string) => join(this.folder, name);
    return this.#openWith({
      ...DEFAULT_HAPROXY_SETTINGS,
      cluster: CLUSTER,
      configFile: this.configFile,
      baseFiles: [at('base.cfg')],
      adminSocket: at('admin.sock'),
      masterSocket: at('master.sock'),
    }).provider;
  }

  get configFile(): string {
    return join(this.folder, 'services.cfg');
  }

  async setAway(isAway: boolean): Promise<void> {
    this.#stop.abort();
    await this.#running;
    if (isAway) return;
    this.#stop = new AbortController();
    this.#running = this.#opened.run(this.#stop.signal);
    await expect.poll(() => this.ask('show version').catch(() => ''), { interval: 20 }).not.toBe('');
  }

  /** Stops a server of the first section. */
  async meddle(service: ObjectKey): Promise<void> {
    const name = `mw:${CLUSTER}:${service.replace('/', ':')}:`;
    const state = await this.ask('show servers state');
    const [, section, , server] =
      state
        .split('\n')
        .find((line) => line.includes(` ${name}`))
        ?.split(' ') ?? [];
    await this.ask(`set server ${section}/${server} state maint`);
  }

  /** Somebody's hands at the admin socket. */
  async ask(command: string): Promise<string> {
    const socket = createConnection(join(this.folder, 'admin.sock'));
    socket.end(`${command}\n`);
    return (await text(socket)).trim();
  }

  /** Somebody's hands at the file. */
  edit(change: (text: string) => string): void {
    writeFileSync(this.configFile, change(readFileSync(this.configFile, 'utf8')));
  }

  /** How often a new worker was started since the master was. */
  async reloads(): Promise<number> {
    const socket = createConnection(join(this.folder, 'master.sock'));
    socket.end('show proc\n');
    return Number(/master\s+(\d+)/.exec(await text(socket))?.[1]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.setAway(true);
    this.#tools.close();
    rmSync(this.folder, { recursive: true });
  }

  #open(cluster: string): OpenHAProxy {
    const { folder } = this;
    return this.#openWith({ ...DEFAULT_HAPROXY_SETTINGS, cluster, folder, binary: this.#binary });
  }

  #openWith(settings: HAProxySettings): OpenHAProxy {
    const opened = openHAProxy(settings, { tools: this.#tools, logger: silentLogger });
    if (typeof opened === 'string') throw new Error(opened);
    return opened;
  }
}
