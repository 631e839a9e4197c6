/** What the node holds, as the kernel's own tools tell it: without counters, a line a thing. */

import type { ProxyMode } from 'menwei/config/settings.ts';
import * as v from 'valibot';
import { tool } from './site.ts';

/** Chains that a kubelet has too. */
const SHARED = /KUBE-FIREWALL|KUBE-MARK-DROP|KUBE-KUBELET-CANARY/;

const MAX_READS = 20;

export type Lines = ReadonlySet<string>;

/** The node at one moment; each tool is run once, and only when somebody asks what it says. */
export class Snapshot {
  readonly #outputs = new Map<string, readonly string[]>();

  /** Rules, and the chains that are not built in: `iptables nat -A OUTPUT …`. */
  rules(tools: 'iptables' | 'ip6tables'): readonly string[] {
    return this.#once(tools, () => savedRules(tools));
  }

  /** Virtual servers and their destinations, as ipvsadm takes them. */
  servers(): readonly string[] {
    return this.#once('ipvsadm', () => linesOf(tool('ipvsadm', ['-S', '-n'])));
  }

  sets(): readonly string[] {
    return this.#once('ipset', () => linesOf(tool('ipset', ['save'])));
  }

  addresses(): readonly string[] {
    return this.#once('ip', () => linesOf(tool('ip', ['-br', 'address'])));
  }

  /** Of nf_tables, a line an object. */
  objects(): readonly string[] {
    return this.#once('nft', nftObjects);
  }

  all(mode: ProxyMode): Lines {
    if (mode === 'nftables') return new Set(this.objects());
    const rules = [...this.rules('iptables'), ...this.rules('ip6tables')];
    if (mode !== 'ipvs') return new Set(rules);
    return new Set([...rules, ...this.servers(), ...this.sets(), ...this.addresses()]);
  }

  #once(name: string, ask: () => readonly string[]): readonly string[] {
    const lines = this.#outputs.get(name) ?? ask();
    this.#outputs.set(name, lines);
    return lines;
  }
}

export function dump(mode: ProxyMode): Lines {
  return new Snapshot().all(mode);
}

/** The nf_tables variant prints a chain several times if somebody changes the table meanwhile. */
function savedRules(tools: string): readonly string[] {
  for (let reads = 0; reads < MAX_READS; reads++) {
    const lines = savedOnce(tools);
    const chains = lines.filter((line) => line.split(' ')[2]?.startsWith(':'));
    if (new Set(chains).size === chains.length) return lines;
  }
  throw new Error(`${tools}-save printed a chain more than once, ${MAX_READS} times in a row`);
}

function savedOnce(tools: string): readonly string[] {
  let table = '';
  const lines: string[] = [];
  for (const line of tool(`${tools}-save`, []).split('\n')) {
    if (line.startsWith('*')) table = line.slice(1);
    const isOne = line.startsWith('-A ') || /^:\S+ - /.test(line);
    if (isOne && !SHARED.test(line)) lines.push(`${tools} ${table} ${line.replace(/ \[\d+:\d+\]$/, '')}`);
  }
  return lines;
}

function linesOf(output: string): readonly string[] {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

const NftSchema = v.object({ nftables: v.array(v.record(v.string(), v.record(v.string(), v.unknown()))) });

function nftObjects(): readonly string[] {
  const { nftables } = v.parse(NftSchema, JSON.parse(tool('nft', ['-j', '-s', 'list', 'ruleset'])));
  return nftables
    .filter((object) => !('metainfo' in object))
    .map((object) => JSON.stringify(object, (key, value: unknown) => (key === 'handle' ? undefined : value)));
}

/** What is in the one and not in the other. */
export function missingIn(lines: Lines, expected: Lines): readonly string[] {
  return [...expected.difference(lines)];
}
