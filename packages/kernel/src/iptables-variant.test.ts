import type { IpFamily } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { type IptablesVariant, observeHintedVariant } from './iptables-variant.ts';

type Chains = Partial<Record<`${IptablesVariant} ${IpFamily}`, readonly string[]>>;

function hinted(chains: Chains): Promise<IptablesVariant | undefined> {
  const observe = async (variant: IptablesVariant, family: IpFamily) => chains[`${variant} ${family}`] ?? [];
  return observeHintedVariant(observe, new AbortController().signal);
}

describe("kubelet's chains", () => {
  it.each<[string, Chains, IptablesVariant | undefined]>([
    ['nowhere', {}, undefined],
    ['others alone', { 'nf_tables IPv4': ['PREROUTING', 'KUBE-PROXY-CANARY'] }, undefined],
    ['nf_tables', { 'nf_tables IPv4': ['KUBE-IPTABLES-HINT'] }, 'nf_tables'],
    ['legacy', { 'legacy IPv4': ['KUBE-KUBELET-CANARY'], 'nf_tables IPv4': ['PREROUTING'] }, 'legacy'],
    ['IPv6 alone', { 'legacy IPv6': ['KUBE-KUBELET-CANARY'] }, 'legacy'],
    [
      'both',
      { 'legacy IPv4': ['KUBE-KUBELET-CANARY'], 'nf_tables IPv6': ['KUBE-IPTABLES-HINT'] },
      'nf_tables',
    ],
  ])('%s', async (_where, chains, variant) => {
    expect(await hinted(chains)).toBe(variant);
  });
});
