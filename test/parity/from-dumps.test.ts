/**
 * What the tools print of a node that this program has served (test/data/dumps, taken from a real kernel while it ran on
 * test/data/reference-case) fills the fakes, and then nothing is left to do. So a report of a fault becomes a test: put the
 * listings into a folder, and say what should have been found.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openBackend as openIptables } from '@menwei/testing/backends/iptables/laws.ts';
import { openBackend as openIpvs } from '@menwei/testing/backends/ipvs/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import type { Backend } from 'menwei/backends/backend.ts';
import { ACCOUNTING_OBJECTS } from 'menwei/backends/iptables/options.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import { readManifests } from 'menwei/sources/manifests/read-manifests.ts';
import { expect, it } from 'vitest';

const signal = new AbortController().signal;
const NODE = aNodeView({
  name: 'minikube',
  ip: '192.168.49.2',
  detectLocal: { by: 'cidr', cidr: '10.244.0.0/16' },
  localAddresses: ['192.168.49.2'],
});
const { objects } = await readManifests([
  fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url)),
]);

function dump(name: string): string {
  return readFileSync(new URL(`../data/dumps/${name}`, import.meta.url), 'utf8');
}

/** What the backend would do for the objects, as text. */
async function toDo<Unit, State, Changes>(backend: Backend<Unit, State, Changes>): Promise<string> {
  const tracker = new TrackedFamily({ family: 'IPv4', nodeName: NODE.name, startedAtMs: 0 });
  for (const object of objects) {
    if (object.kind === 'Service') tracker.put(object);
    if (object.kind === 'EndpointSlice') tracker.put(object);
  }
  tracker.takeChanges();
  const plan = backend.plan();
  plan.update(NODE, new Map([...tracker.ports].map(([key, port]) => [key, backend.compile(port, NODE)])));
  return backend.format(backend.diff(await backend.observe(signal), plan.complete()));
}

/** Of a node in ipvs mode; `edit` makes another report of each listing. */
function ipvsNode(edit: (text: string) => string = (text) => text) {
  const links = new FakeLinks();
  links.addDevice(
    DEVICE,
    ['10.96.0.1', '10.96.0.10', '10.101.57.97'].map((ip) => ({ ip, prefixLength: 32, scope: 'global' })),
  );
  return {
    ipvs: FakeIpvs.fromDump(edit(dump('ipvs.ipvsadm'))),
    sets: FakeIpSets.fromDump(edit(dump('ipvs.ipset'))),
    tools: FakeIptables.fromDump(edit(dump('ipvs.iptables-save'))),
    links,
  };
}

it('iptables: nothing is left to do on a node that was served', async () => {
  const tools = FakeIptables.fromDump(dump('iptables.iptables-save'));
  expect(await toDo(openIptables(tools, 'IPv4', { accounting: ACCOUNTING_OBJECTS }))).toBe('');
});

it('ipvs: nothing is left to do on a node that was served', async () => {
  expect(await toDo(openIpvs(ipvsNode(), 'IPv4'))).toBe('');
});

it('iptables: a node on which somebody has flushed the chain of one endpoint', async () => {
  const report = dump('iptables.iptables-save').replace(/^-A KUBE-SEP-\w+ .*10\.244\.0\.27\b.*\n/gm, '');
  const script = await toDo(openIptables(FakeIptables.fromDump(report), 'IPv4'));
  expect(script.match(/^-A .*$/gm)).toEqual([
    expect.stringMatching(/^-A KUBE-SEP-\w+ .* -s 10\.244\.0\.27 -j KUBE-MARK-MASQ$/),
    expect.stringMatching(/^-A KUBE-SEP-\w+ .* -j DNAT --to-destination 10\.244\.0\.27:80$/),
  ]);
});

it('ipvs: a node on which somebody has changed a weight and emptied a set', async () => {
  const changed = ipvsNode((text) =>
    text
      .replace('-r 10.244.0.28:80 -m -w 1', '-r 10.244.0.28:80 -m -w 7')
      .replace(/^add KUBE-CLUSTER-IP .*\n/gm, ''),
  );
  const lines = (await toDo(openIpvs(changed, 'IPv4'))).split('\n').filter((line) => /^(-|add)/.test(line));
  expect(lines.toSorted()).toEqual([
    '-e -t 10.101.57.97:80 -r 10.244.0.28:80 -m -w 1',
    ...['10.101.57.97,tcp:80', '10.96.0.1,tcp:443', '10.96.0.10,tcp:53', '10.96.0.10,tcp:9153']
      .concat('10.96.0.10,udp:53')
      .map((entry) => `add KUBE-CLUSTER-IP ${entry} -exist`),
  ]);
});
