/** The node that all rounds take place on: one lab for all of them, made empty before each. */
import { spawnSync } from 'node:child_process';
import { release } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { currentNamespace, enterNamespace } from '@menwei/kernel/netns.ts';
import { writeSysctl } from '@menwei/kernel/sysctl.ts';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import { wantedSysctls } from 'menwei/backends/ipvs/sysctls.ts';
import type { ProxyMode } from 'menwei/config/settings.ts';

export const NODE = 'node-a';
export const NODE_IPS = { IPv4: '192.168.49.2', IPv6: 'fd00:49::2' } as const;
export const POD_RANGES = { IPv4: '10.244.0.0/24', IPv6: 'fd00:10:244::/64' } as const;
export const POD_PORT = 8080;
export const PODS = ['p1', 'p2', 'p3', 'p4'] as const;
export type Pod = (typeof PODS)[number];

export function podIP(family: IpFamily, pod: Pod): string {
  return `${family === 'IPv4' ? '10.244.0.' : 'fd00:10:244::'}${11 + PODS.indexOf(pod)}`;
}

const LAB: LabSpec = {
  nodes: [
    {
      name: NODE,
      ip: NODE_IPS.IPv4,
      ip6: NODE_IPS.IPv6,
      podCIDR: POD_RANGES.IPv4,
      podCIDR6: POD_RANGES.IPv6,
    },
  ],
  pods: [
    ...PODS.map((name) => ({
      name,
      node: NODE,
      ip: podIP('IPv4', name),
      ip6: podIP('IPv6', name),
      ports: [POD_PORT],
    })),
    { name: 'visitor', node: NODE, ip: '10.244.0.99', ip6: 'fd00:10:244::99', ports: [] },
  ],
};

/** Runs a tool on the node; its output. */
export function tool(file: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(file, args, { encoding: 'utf8', input });
  if (status === 0) return stdout;
  throw new Error(`${file} ${args.join(' ')}: ${error?.message ?? stderr}`);
}

const EMPTYING = ['filter', 'nat', 'mangle'].map((table) => `*${table}\n-F\n-X\nCOMMIT\n`).join('');

export class Site implements AsyncDisposable {
  readonly lab: Lab;
  readonly #before = currentNamespace();

  private constructor(lab: Lab) {
    this.lab = lab;
  }

  /** Moves this thread onto the node; where it was before, it returns at the end. */
  static async open(): Promise<Site> {
    const site = new Site(await createLab(LAB));
    enterNamespace(site.lab.node(NODE).namespace);
    return site;
  }

  get visitor() {
    return this.lab.pod('visitor');
  }

  /** Nothing of anybody is left on the node. */
  empty(mode: ProxyMode): void {
    if (mode === 'nftables') tool('nft', ['flush', 'ruleset']);
    else {
      tool('iptables-restore', [], EMPTYING);
      tool('ip6tables-restore', [], EMPTYING);
    }
    if (mode !== 'ipvs') return;
    tool('ipvsadm', ['-C']);
    tool('ipset', ['destroy']);
    // There may be none.
    spawnSync('ip', ['link', 'delete', 'kube-ipvs0']);
    for (const { name, value } of wantedSysctls(false, release())) writeSysctl(name, value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    enterNamespace(this.#before);
    this.#before.close();
    await this.lab.close();
  }
}
