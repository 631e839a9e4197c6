/** What we program for the reference case in ipvs mode: virtual servers, hairpin members, and the rule that asks for them. */
import { fileURLToPath } from 'node:url';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { IpvsRules } from 'menwei/backends/ipvs/rules.ts';
import type { IpvsState } from 'menwei/backends/ipvs/state.ts';
import { readManifests } from 'menwei/sources/manifests/read-manifests.ts';
import { describe, expect, it } from 'vitest';

const OBJECTS = fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url));

const NODE = aNodeView({
  name: 'minikube',
  ip: '192.168.49.2',
  detectLocal: { by: 'cidr', cidr: '10.244.0.0/16' },
  localAddresses: ['192.168.49.2'],
});

const state = await compileObjects();

async function compileObjects(): Promise<IpvsState> {
  const { objects, problems, errors } = await readManifests([OBJECTS]);
  if (problems.length > 0 || errors.length > 0) throw new Error('BUG: the reference case has problems');
  const tracker = new TrackedFamily({ family: 'IPv4', nodeName: NODE.name, startedAtMs: 0 });
  for (const object of objects) {
    if (object.kind === 'Service') tracker.put(object);
    if (object.kind === 'EndpointSlice') tracker.put(object);
  }
  tracker.takeChanges();
  const rules = new IpvsRules({
    family: 'IPv4',
    masqueradeMark: 1 << 14,
    masqueradeAll: false,
    answeredVIPs: 'pools',
    scheduler: 'rr',
  });
  const plan = rules.plan();
  plan.update(NODE, new Map([...tracker.ports].map(([key, port]) => [key, rules.compile(port, NODE)])));
  return plan.complete();
}

function entriesOf(set: string): readonly string[] {
  return [...(state.sets.get(set)?.entries ?? [])].sort();
}

describe('the reference case in ipvs mode', () => {
  it.each([
    ['TCP 10.101.57.97:80', ['10.244.0.27:80', '10.244.0.28:80', '10.244.0.30:80']],
    ['TCP 10.96.0.1:443', ['192.168.49.2:8443']],
    ['UDP 10.96.0.10:53', ['10.244.0.29:53']],
    ['TCP 10.96.0.10:53', ['10.244.0.29:53']],
    ['TCP 10.96.0.10:9153', ['10.244.0.29:9153']],
  ])('%s rr, masquerade, weight 1 → %j', (key, endpoints) => {
    const content = state.servers.get(key);
    expect(content?.server).toMatchObject({ scheduler: 'rr', flags: 0, timeoutSeconds: 0 });
    expect([...(content?.destinations ?? [])]).toEqual(
      endpoints.map((text) => {
        const [ip = '', port = ''] = text.split(':');
        return [text, { ip, port: Number(port), weight: 1, forwarding: 'masquerade' }];
      }),
    );
  });

  it('has no other virtual server', () => {
    expect(state.servers.size).toBe(5);
  });

  it('puts the cluster IPs on the interface', () => {
    expect([...state.addresses].sort()).toEqual(['10.101.57.97', '10.96.0.1', '10.96.0.10']);
    expect(entriesOf('KUBE-IPVS-IPS')).toEqual(['10.101.57.97', '10.96.0.1', '10.96.0.10']);
  });

  it('knows the pods of this node that may be sent to themselves', () => {
    expect(entriesOf('KUBE-LOOP-BACK')).toEqual([
      '10.244.0.27,tcp:80,10.244.0.27',
      '10.244.0.28,tcp:80,10.244.0.28',
      '10.244.0.29,tcp:53,10.244.0.29',
      '10.244.0.29,tcp:9153,10.244.0.29',
      '10.244.0.29,udp:53,10.244.0.29',
      '10.244.0.30,tcp:80,10.244.0.30',
    ]);
  });

  it('masquerades them', () => {
    const comment = 'Kubernetes endpoints dst ip:port, source ip for solving hairpin purpose';
    const set = { name: 'KUBE-LOOP-BACK', directions: 'dst,dst,src' };
    expect(state.rules.fixed.get('nat KUBE-POSTROUTING')).toContainEqual({
      comment,
      set,
      target: 'MASQUERADE',
    });
  });
});
