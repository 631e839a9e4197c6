/** Lets faults befall a segment, one or two at a time, and judges what is heard on it and what its clients get. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnyObject } from '@menwei/lab/lab-api.ts';
import { Dice } from '../dice.ts';
import { Segment } from './segment.ts';
import { overlapsOf, SegmentEar } from './segment-ear.ts';
import { SEGMENT_FAULTS, type SegmentFault } from './segment-faults.ts';

interface SoakOptions {
  readonly seed: number;
  readonly forMs: number;
  readonly nodes: number;
  readonly hasHeartbeat: boolean;
  /** Names of faults; empty: all. */
  readonly faults: readonly string[];
  readonly report: (line: string) => void;
}

const ASK_EVERY_MS = 100;
/** The former owner has questions in its queue when the new one speaks; a busy machine is slow with them. */
const OVERLAP_MS = 1_000;
/** Of docs/announcing.md: a dead owner; and what a busy machine may take beside. */
const TAKEN_OVER_MS = 8_000;
const SLACK_MS = 6_000;
const QUIET_WITHIN_MS = 30_000;
const MEMORY_KIB = 400_000;
const LOG_BYTES = 5_000_000;

/** What was not as it should be; empty: all was. */
export async function soakAnnouncing(options: SoakOptions): Promise<readonly string[]> {
  await using segment = await Segment.up(options.nodes);
  using ear = new SegmentEar(segment.session.host('wire'), segment.wireLink, segment.addresses, ASK_EVERY_MS);
  const soak = new Soak(segment, ear, options);
  return await soak.run();
}

class Soak {
  readonly #segment: Segment;
  readonly #ear: SegmentEar;
  readonly #options: SoakOptions;
  readonly #dice: Dice;
  readonly #faults: string[] = [];

  constructor(segment: Segment, ear: SegmentEar, options: SoakOptions) {
    this.#segment = segment;
    this.#ear = ear;
    this.#options = options;
    this.#dice = new Dice(options.seed);
  }

  async run(): Promise<readonly string[]> {
    const endMs = performance.now() + this.#options.forMs;
    const folder = mkdtempSync(join(tmpdir(), 'menwei-announce-key-'));
    try {
      if (this.#options.hasHeartbeat) await this.#startHeartbeats(folder);
      await this.#quiet('at the start');
      this.#ear.forgetBefore(performance.now());
      for (let round = 1; performance.now() < endMs; round++) await this.#round(round);
      await this.#sizes();
      await this.#segment.removeServices();
    } finally {
      rmSync(folder, { recursive: true });
    }
    return this.#faults;
  }

  async #round(round: number): Promise<void> {
    const { nodes } = this.#segment;
    const [node, other] = this.#dice.some(nodes, 2);
    const all = Object.keys(SEGMENT_FAULTS).filter(
      (name) => this.#options.faults.length === 0 || this.#options.faults.includes(name),
    );
    const first = this.#dice.pick(all);
    const second = this.#dice.chance(0.3) ? this.#dice.pick(all) : undefined;
    // One node is left alone; what takes the API server away is alone, since nothing else can be ordered meanwhile.
    const isAlone = [first, second].some((name) => isStoppingApi(name)) || second === first;
    const names = isAlone ? [first] : [first, second];
    const title = `round ${round}: ${names.filter((name) => name !== undefined).join(' and ')} (${node}${isAlone || second === undefined ? '' : `, ${other}`})`;
    const fromMs = performance.now();
    const undo: (() => Promise<unknown>)[] = [];
    for (const [name, place] of [
      [names[0], node],
      [names[1], other],
    ] as const) {
      const fault = name === undefined ? undefined : SEGMENT_FAULTS[name];
      if (fault === undefined || place === undefined) continue;
      undo.push(await fault.befall(this.#segment, place, this.#dice));
    }
    const faultedMs = performance.now();
    const lasts = this.#dice.pick([300, 2_000, 7_000, 12_000]);
    await sleep(lasts);
    for (const back of undo.toReversed()) await back();
    const undoneMs = performance.now();
    await this.#quiet(title);
    this.#judge(title, fromMs);
    this.#options.report(
      `${title}: lasted ${Math.round(undoneMs - faultedMs)} ms, quiet after ${Math.round(performance.now() - undoneMs)} ms`,
    );
  }

  /** What was heard since then. */
  #judge(title: string, fromMs: number): void {
    for (const address of this.#segment.addresses) {
      const claims = this.#ear.claimsOf(address);
      for (const { stays, leaves, forMs, packets, atMs } of overlapsOf(address, claims)) {
        const told = `${address} of ${this.#name(stays)} and ${this.#name(leaves)}: both for ${Math.round(forMs)} ms, ${packets} packets, ${Math.round(atMs - fromMs)} ms after the fault`;
        if (forMs > OVERLAP_MS) this.#fault(title, told);
        else this.#options.report(`  ${told}`);
      }
      const times = [fromMs, ...claims.map(({ atMs }) => atMs), performance.now()];
      const gapMs = Math.max(...times.slice(1).map((atMs, index) => atMs - (times[index] ?? atMs)));
      if (gapMs > TAKEN_OVER_MS + SLACK_MS)
        this.#fault(title, `${address} was not answered for ${Math.round(gapMs)} ms`);
      else if (gapMs > 2_000) this.#options.report(`  ${address}: not answered for ${Math.round(gapMs)} ms`);
    }
    this.#ear.forgetBefore(performance.now());
  }

  /** Everything settles: one owner on the wire, the same in the Leases and for the controller, and clients are answered. */
  async #quiet(title: string): Promise<void> {
    const deadline = performance.now() + QUIET_WITHIN_MS;
    let wrong: readonly string[] = ['not looked yet'];
    while (wrong.length > 0 && performance.now() < deadline) {
      const sinceMs = performance.now();
      await sleep(1_000);
      try {
        wrong = await this.#wrong(sinceMs);
      } catch (error) {
        wrong = [String(error)];
      }
    }
    for (const each of wrong) this.#fault(title, `after quiet: ${each}`);
  }

  async #wrong(sinceMs: number): Promise<readonly string[]> {
    const owners = await this.#segment.owners();
    const wrong: string[] = [];
    for (const { name, addresses, port } of this.#segment.services) {
      const { status } = await this.#segment.get(name);
      const ingress = (status.loadBalancer?.ingress ?? []).map(({ ip }: AnyObject) => ip);
      if (ingress.join() !== addresses.join())
        wrong.push(`${name} has ${ingress.join()}, had ${addresses.join()}`);
      const condition = (status.conditions ?? []).find(
        ({ type }: AnyObject) => type === 'menwei.dev/LoadBalancerReady',
      );
      if (condition?.status !== 'True') wrong.push(`${name}: ${condition?.reason}: ${condition?.message}`);
      for (const address of addresses) {
        const heard = [...this.#ear.macsSince(address, sinceMs)].map((mac) => this.#name(mac)).join();
        const told = (owners.get(address) ?? []).join();
        if (heard !== told || heard === '' || heard.includes(','))
          wrong.push(`${address}: on the wire ${heard || 'nobody'}, by Leases ${told || 'nobody'}`);
        const pod = await this.#segment.reach(address, port);
        if (pod.startsWith('!')) wrong.push(`${name} at ${address}: ${pod.slice(1)}`);
      }
    }
    return wrong;
  }

  async #sizes(): Promise<void> {
    const { proxies } = await this.#segment.session.status();
    for (const node of this.#segment.nodes) {
      const pid = await this.#segment.proxyPid(node);
      const status = pid === undefined ? '' : readFileSync(`/proc/${pid}/status`, 'utf8');
      const memory = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0);
      const log = proxies.find((proxy) => proxy.node === node)?.log;
      const size = log === undefined ? 0 : statSync(log).size;
      this.#options.report(`${node}: ${memory} KiB, log ${size} bytes`);
      if (memory === 0 || memory > MEMORY_KIB) this.#fault('at the end', `${node}: memory ${memory} KiB`);
      if (size > LOG_BYTES) this.#fault('at the end', `${node}: log of ${size} bytes`);
    }
  }

  async #startHeartbeats(folder: string): Promise<void> {
    const key = join(folder, 'key');
    writeFileSync(key, randomBytes(32).toString('hex'), { mode: 0o600 });
    const flags = ['--announce-heartbeat', '--announce-heartbeat-key-file', key];
    const { session, nodes } = this.#segment;
    this.#segment.flags = flags;
    await Promise.all(nodes.map((node) => session.menwei('restart', node, '--', ...flags)));
  }

  #name(mac: string): string {
    return this.#segment.nodeOfMac.get(mac) ?? mac;
  }

  #fault(title: string, what: string): void {
    this.#faults.push(`${title}: ${what}`);
    this.#options.report(`FAULT ${title}: ${what}`);
  }
}

function isStoppingApi(name: string | undefined): boolean {
  const fault: SegmentFault | undefined = name === undefined ? undefined : SEGMENT_FAULTS[name];
  return fault?.stopsApi === true;
}
