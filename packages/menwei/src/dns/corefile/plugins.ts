/** The lines of server blocks, one plugin each. */
import { parseIp } from '@menwei/addresses/ip.ts';
import { isWithin } from '../wire/name.ts';
import type { Directive } from './block.ts';
import { readCache } from './cache-line.ts';
import type { Findings } from './findings.ts';
import { type ReadForward, readForward } from './forward-line.ts';
import { readHosts } from './hosts-line.ts';
import { readKubernetes } from './kubernetes-line.ts';
import type { CacheLines, CorefileOptions } from './options.ts';
import { readRewrite } from './rewrite-line.ts';

/** Everything but what server blocks say by themselves; who is asked for what is put together later. */
type PluginOptions = Omit<CorefileOptions, 'port' | 'forward' | 'stubs' | 'notes'> & {
  readonly forwards: readonly ReadForward[];
};

/** Where CoreDNS serves them unless told otherwise. */
const HEALTH = ':8080';
const READY = ':8181';
const PROMETHEUS = 'localhost:9153';
const LAMEDUCK_MS = 5_000;

type Read = (directive: Directive, zones: readonly string[]) => void;

export class ReadPlugins {
  readonly #found: Findings;
  readonly #forwards: ReadForward[] = [];
  readonly #rewrites = new Map<string, string>();
  readonly #bind: string[] = [];
  readonly #caches: { readonly directive: Directive; readonly zones: readonly string[] }[] = [];
  /** By name: the line of a plugin that may stand once. */
  readonly #once = new Map<string, number>();
  #kubernetes: CorefileOptions['kubernetes'];
  #hosts: CorefileOptions['hosts'];
  #health: string | undefined;
  #lameduckMs = LAMEDUCK_MS;
  #ready: string | undefined;
  #prometheus: string | undefined;

  readonly #plugins: ReadonlyMap<string, Read> = new Map<string, Read>([
    ['kubernetes', (line, zones) => this.#readKubernetes(line, zones)],
    ['hosts', (line, zones) => this.#readHosts(line, zones)],
    ['forward', (line, zones) => void this.#forwards.push(readForward(this.#found, line, zones))],
    ['cache', (directive, zones) => void this.#caches.push({ directive, zones })],
    ['rewrite', (line, zones) => this.#readRewrite(line, zones)],
    ['health', (line) => this.#readHealth(line)],
    ['ready', (line) => this.#readReady(line)],
    ['prometheus', (line) => this.#readPrometheus(line)],
    ['bind', (line) => this.#readBind(line)],
    ['loadbalance', (line) => this.#readLoadbalance(line)],
    // What they ask for is done here anyway.
    ['errors', () => undefined],
    ['loop', () => undefined],
    [
      'reload',
      (line) => this.#found.note(line, 'the Corefile is read at the start: a change takes a restart'),
    ],
    ['log', (line) => this.#found.note(line, 'queries are counted, and not logged')],
  ]);

  constructor(found: Findings) {
    this.#found = found;
  }

  /** @param zones those of its server block */
  read(directive: Directive, zones: readonly string[]): void {
    const read = this.#plugins.get(directive.name);
    if (read === undefined) this.#found.complain(directive, 'this plugin is not supported');
    else read(directive, zones);
  }

  finish(): PluginOptions {
    return {
      bind: this.#bind,
      kubernetes: this.#kubernetes,
      forwards: this.#forwards,
      cache: this.#finishCache(),
      hosts: this.#hosts,
      rewrites: this.#rewrites,
      health: this.#health,
      lameduckMs: this.#lameduckMs,
      ready: this.#ready,
      prometheus: this.#prometheus,
    };
  }

  #isSecond(directive: Directive): boolean {
    const other = this.#once.get(directive.name);
    if (other !== undefined)
      this.#found.complain(directive, `line ${other} has it already; it may stand once`);
    else this.#once.set(directive.name, directive.line);
    return other !== undefined;
  }

  #readKubernetes(directive: Directive, zones: readonly string[]): void {
    const lines = readKubernetes(this.#found, directive, zones);
    if (!this.#isSecond(directive)) this.#kubernetes = lines;
  }

  #readHosts(directive: Directive, zones: readonly string[]): void {
    const lines = readHosts(this.#found, directive, zones);
    if (!this.#isSecond(directive)) this.#hosts = lines;
  }

  #readRewrite(directive: Directive, zones: readonly string[]): void {
    const names = readRewrite(this.#found, directive);
    if (names === undefined) return;
    const [from, to] = names;
    if (!zones.some((zone) => isWithin(from, zone))) {
      this.#found.complain(directive, `${JSON.stringify(from)} lies in no zone of its server block`);
    }
    if (this.#rewrites.has(from))
      this.#found.complain(directive, `${JSON.stringify(from)} is rewritten already`);
    this.#rewrites.set(from, to);
  }

  #readHealth(directive: Directive): void {
    this.#health = this.#found.address(directive, HEALTH);
    for (const option of directive.body) {
      const [duration] = this.#found.args(option, 1);
      if (option.name === 'lameduck') this.#lameduckMs = this.#found.duration(option, duration, LAMEDUCK_MS);
      else this.#found.refuse(directive, option);
    }
  }

  #readReady(directive: Directive): void {
    this.#ready = this.#address(directive, READY);
  }

  #readPrometheus(directive: Directive): void {
    this.#prometheus = this.#address(directive, PROMETHEUS);
  }

  #address(directive: Directive, otherwise: string): string {
    this.#found.noBody(directive);
    return this.#found.address(directive, otherwise);
  }

  #readBind(directive: Directive): void {
    this.#found.noBody(directive);
    for (const text of directive.args) {
      const ip = parseIp(text);
      if (ip === undefined) this.#found.complain(directive, `${JSON.stringify(text)} is not an IP address`);
      else if (!this.#bind.includes(ip)) this.#bind.push(ip);
    }
  }

  #readLoadbalance(directive: Directive): void {
    const [policy = 'round_robin'] = directive.args;
    if (policy !== 'round_robin') {
      this.#found.complain(directive, `${JSON.stringify(policy)} is not supported, only round_robin`);
    }
  }

  /** One cache for all: the one of the block for all names, else the first. */
  #finishCache(): CacheLines | undefined {
    const { zones: ownZones = [], reverseZones = [] } = this.#kubernetes ?? {};
    const read = this.#caches.map(({ directive, zones }) => ({
      directive,
      isForAll: zones.includes(''),
      lines: readCache(this.#found, directive, [...ownZones, ...reverseZones]),
    }));
    const used = read.find(({ isForAll }) => isForAll) ?? read[0];
    for (const { directive, lines } of read) {
      if (used !== undefined && JSON.stringify(lines) !== JSON.stringify(used.lines)) {
        this.#found.note(
          directive,
          `there is one cache for all names, and line ${used.directive.line} says how it is`,
        );
      }
    }
    return used?.lines;
  }
}
