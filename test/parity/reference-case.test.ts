/**
 * What we program for the reference case against what kube-proxy 1.36.2 left in the kernel for the same objects. The
 * cluster that was recorded had its API server elsewhere than the objects say, and that is put right first.
 */

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CANARY, type ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import { diff } from '@menwei/netfilter/iptables/diff.ts';
import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import { formatHeldRule, formatRule, type HeldRule, type Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { ChainContent, Ruleset } from '@menwei/netfilter/iptables/ruleset.ts';
import { parseSavedRule } from '@menwei/netfilter/iptables/saved-rule.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { LAYOUT } from 'menwei/backends/iptables/base.ts';
import { NAT_SERVICES } from 'menwei/backends/iptables/names.ts';
import { ACCOUNTING_OBJECTS, type IptablesOptions } from 'menwei/backends/iptables/options.ts';
import { IptablesRules } from 'menwei/backends/iptables/rules.ts';
import { SavedRules } from 'menwei/backends/xtables/saved-rules.ts';
import type { WatchedObject } from 'menwei/kubernetes/objects.ts';
import type { NodeView } from 'menwei/services/node-view.ts';
import { readManifests } from 'menwei/sources/manifests/read-manifests.ts';
import { describe, expect, it } from 'vitest';

const OBJECTS = fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url));
const DUMP = new URL('golden/reference-case.iptables-save', import.meta.url);

const OPTIONS: IptablesOptions = {
  family: 'IPv4',
  masqueradeMark: 1 << 14,
  masqueradeAll: false,
  answeredVIPs: 'pools',
  localhostNodePorts: true,
  conntrackLiberal: false,
  accounting: ACCOUNTING_OBJECTS,
};

const NODE: NodeView = {
  name: 'minikube',
  family: 'IPv4',
  zone: '',
  ip: '192.0.2.2',
  ownIP: undefined,
  detectLocal: { by: 'cidr', cidr: '10.244.0.0/16' },
  podCIDR: undefined,
  nodePortAddresses: 'all',
  localAddresses: [],
  serviceCIDRs: [],
  largeCluster: false,
};

const programmed = await compileObjects();
const recorded = readDump();

async function compileObjects(): Promise<Ruleset> {
  const { objects, problems, errors } = await readManifests([OBJECTS]);
  if (problems.length > 0 || errors.length > 0) throw new Error('BUG: the reference case has problems');
  const tracker = new TrackedFamily({ family: 'IPv4', nodeName: NODE.name, startedAtMs: 0 });
  for (const object of objects.map(withRecordedApiServer)) {
    if (object.kind === 'Service') tracker.put(object);
    if (object.kind === 'EndpointSlice') tracker.put(object);
  }
  tracker.takeChanges();
  const rules = new IptablesRules(OPTIONS);
  const plan = rules.plan();
  plan.update(NODE, new Map([...tracker.ports].map(([key, port]) => [key, rules.compile(port, NODE)])));
  return plan.complete();
}

function withRecordedApiServer(object: WatchedObject): WatchedObject {
  if (object.kind !== 'EndpointSlice' || object.serviceName !== 'kubernetes') return object;
  return {
    ...object,
    ports: object.ports.map((port) => ({ ...port, port: 6443 })),
    endpoints: object.endpoints.map((endpoint) => ({ ...endpoint, ip: '192.0.2.1' })),
  };
}

function readDump(): Ruleset {
  const saved = new SavedRules(LAYOUT);
  for (const line of readFileSync(DUMP, 'utf8').split('\n')) saved.line(line);
  const { own, fixed } = saved.ruleset();
  return { own, fixed: new Map([...fixed].filter(([id]) => !id.endsWith(CANARY))) };
}

/** Upstream goes through Services in the order of a Go map, so KUBE-SERVICES has them in no order that counts. */
function withSortedServices({ own, fixed }: Ruleset): Ruleset {
  const rules = rulesOf(fixed.get(NAT_SERVICES));
  const byText = (a: HeldRule, b: HeldRule) => (formatHeldRule(a) < formatHeldRule(b) ? -1 : 1);
  const sorted = [...rules.slice(0, -1).sort(byText), ...rules.slice(-1)];
  return { own, fixed: new Map([...fixed, [NAT_SERVICES, sorted]]) };
}

function rulesOf(content: ChainContent | undefined): readonly HeldRule[] {
  return content === undefined || content === 'any' ? [] : content;
}

/** All chains with something in them, by name. */
function chainsOf({ own, fixed }: Ruleset): Record<string, readonly string[]> {
  const ownChains = Array.from(own, ([chain, rules]): [ChainId, readonly string[]] => [
    `nat ${chain}`,
    rules.map(formatHeldRule),
  ]);
  const fixedChains = Array.from(fixed, ([id, content]): [ChainId, readonly string[]] => [
    id,
    rulesOf(content).map(formatHeldRule),
  ]);
  return Object.fromEntries([...fixedChains, ...ownChains].filter(([, rules]) => rules.length > 0));
}

describe('the reference case against kube-proxy 1.36.2', () => {
  const ours = withSortedServices(programmed);
  const theirs = withSortedServices(recorded);

  it('leaves nothing to change where kube-proxy has been', () => {
    expect(formatScript(diff(theirs, ours))).toBe('');
  });

  it('would leave kube-proxy nothing to change', () => {
    expect(formatScript(diff(ours, theirs))).toBe('');
  });

  it('has the same rules in every chain', () => {
    expect(chainsOf(ours)).toEqual(chainsOf(theirs));
  });
});

/** What people and tools look for; a rule of ours may say more. The probabilities are as the kernel prints them. */
const EXPECTED = `
-A KUBE-SERVICES -d 10.101.57.97/32 -p tcp -m comment --comment "default/nginx-service cluster IP" -j KUBE-SVC-V2OKYYMBY3REGZOG
-A KUBE-SERVICES -d 10.96.0.1/32 -p tcp -m comment --comment "default/kubernetes:https cluster IP" -j KUBE-SVC-NPX46M4PTMTKRN6Y
-A KUBE-SERVICES -d 10.96.0.10/32 -p udp -m comment --comment "kube-system/kube-dns:dns cluster IP" -j KUBE-SVC-TCOU7JCQXEZGVUNU
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:dns-tcp cluster IP" -j KUBE-SVC-ERIFXISQEP7F7OF4
-A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m comment --comment "kube-system/kube-dns:metrics cluster IP" -j KUBE-SVC-JD5MR3NA4I4DYORP
-A KUBE-SERVICES -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS
-A KUBE-SVC-V2OKYYMBY3REGZOG ! -s 10.244.0.0/16 -d 10.101.57.97/32 -j KUBE-MARK-MASQ
-A KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.27:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-POZMZY2HDLRATSJV
-A KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.28:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-Z3HXRORN5VDCFRJU
-A KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.30:80" -j KUBE-SEP-S46ZL6MIFVWDY42O
-A KUBE-SEP-POZMZY2HDLRATSJV -s 10.244.0.27/32 -j KUBE-MARK-MASQ
-A KUBE-SEP-POZMZY2HDLRATSJV -p tcp -j DNAT --to-destination 10.244.0.27:80
-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000`;

describe('the chains of nginx-service', () => {
  const chains = chainsOf(programmed);

  it.each(EXPECTED.trim().split('\n'))('%s', (line) => {
    const [, chain = ''] = line.split(' ');
    const rules = chains[`nat ${chain}`]?.map(readRule);
    // The match that goes with a protocol is left out above, as people do.
    const wanted = line.slice(`-A ${chain} `.length).replace(/-p (\w+).*(?= -j)/, '$& -m $1');
    expect(rules).toContainEqual(expect.objectContaining(readRule(wanted)));
  });

  it('asks for NodePorts last', () => {
    expect(chains[NAT_SERVICES]?.at(-1)).toMatch(/-j KUBE-NODEPORTS$/);
  });

  it('spreads over the pods in the order of their addresses, the last one taking the rest', () => {
    expect(chains['nat KUBE-SVC-V2OKYYMBY3REGZOG']?.map((rule) => readRule(rule).oneOf)).toEqual([
      undefined,
      3,
      2,
      undefined,
    ]);
  });
});

/** The same for the text that we write and for the one that iptables-save prints. */
function readRule(text: string): Rule {
  const rule = parseSavedRule(text);
  const normal = rule === undefined ? undefined : parseSavedRule(formatRule(rule));
  if (normal === undefined) throw new Error(`not like any rule of ours: ${text}`);
  return normal;
}
