/** Accounting objects in a real kernel, and rules that count into them. */

import { spawnSync } from 'node:child_process';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { createNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { formatHeldRule } from '@menwei/netfilter/iptables/rule.ts';
import type { ChainContent } from '@menwei/netfilter/iptables/ruleset.ts';
import { NETLINK_NETFILTER, NetlinkConnection, openNetlinkTransport } from '@menwei/netlink';
import { applyAccountingObject, observeAccountingSupport } from '@menwei/netlink/nfacct';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { ACCOUNTING_OBJECTS } from 'menwei/backends/iptables/options.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { describeVariants } from './iptables-variants.ts';

function iptables(...args: readonly string[]): number | null {
  return spawnSync('iptables', ['-w', '5', ...args]).status;
}

const counts = (name: string) => ['OUTPUT', '-m', 'nfacct', '--nfacct-name', name];

describe.runIf(observeAccountingSupport())('accounting objects', () => {
  beforeEach(() => void iptables('-F', 'OUTPUT'));

  it('are there for rules once they were applied, and after they were applied again', () => {
    expect(iptables('-A', ...counts('menwei-test-1'))).not.toBe(0);
    applyAccountingObject('menwei-test-1');
    expect(iptables('-A', ...counts('menwei-test-1'))).toBe(0);
    applyAccountingObject('menwei-test-1');
    expect(iptables('-C', ...counts('menwei-test-1'))).toBe(0);
  });

  it('belong to one network namespace', () => {
    using other = createNamespace();
    withNamespace(other, () => applyAccountingObject('menwei-test-2'));
    expect(iptables('-A', ...counts('menwei-test-2'))).not.toBe(0);
    withNamespace(other, () => expect(iptables('-A', ...counts('menwei-test-2'))).toBe(0));
  });

  it('have names that the kernel can hold', () => {
    expect(() => applyAccountingObject('x'.repeat(32))).toThrow(
      /^create accounting object x{32}: invalid argument \(EINVAL\)/,
    );
  });
});

describe('without the right', () => {
  it('there are no accounting objects, and that is no error', () => {
    const module = new URL('../../packages/netlink/src/families/nfacct/nfacct.ts', import.meta.url);
    const script = `import('${module}').then((nfacct) => console.log(nfacct.observeAccountingSupport()))`;
    const node = [process.execPath, '-e', script];
    const { stdout, stderr } = spawnSync(
      'setpriv',
      ['--bounding-set=-net_admin', '--inh-caps=-net_admin', ...node],
      { encoding: 'utf8' },
    );
    expect([stdout, stderr]).toEqual(['false\n', '']);
  });
});

const NFNL_MSG_ACCT_DEL = 0x0703;
const NFACCT_NAME = 1;

/** As `nfacct delete` does. */
function deleteAccountingObject(name: string): void {
  using connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
  connection.request({
    operation: 'delete',
    object: name,
    type: NFNL_MSG_ACCT_DEL,
    write(writer) {
      writer.raw(new Uint8Array(4));
      writer.text(NFACCT_NAME, name);
    },
  });
}

const ACCOUNTING = { applyAccountingObject, accounting: ACCOUNTING_OBJECTS };

describe.runIf(observeAccountingSupport())('accounting in the iptables mode', () => {
  describeVariants((_variant, openEmptyKernel) => {
    it.each(IP_FAMILIES)('counts in %s, also after somebody took rules and objects away', async (family) => {
      const signal = new AbortController().signal;
      const node = aNodeView({ family });
      const [clusterIP, ip] =
        family === 'IPv4' ? ['172.30.0.1', '10.180.0.1'] : ['fd00:30::1', 'fd00:10:180::1'];
      const port = aServicePort({ clusterIP, nodePort: 30080, endpoints: [anEndpoint({ ip })] });
      for (const _ of ['first', 'again']) {
        const backend = openBackend(await openEmptyKernel(family), family, ACCOUNTING);
        for (const name of ACCOUNTING_OBJECTS) {
          applyAccountingObject(name);
          // nf_tables lets go of what its rules used a moment after they are gone.
          await vi.waitFor(() => deleteAccountingObject(name));
        }
        const plan = backend.plan();
        plan.update(node, new Map([[port.key, backend.compile(port, node)]]));
        await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
        const observed = await backend.observe(signal);
        expect(backend.format(backend.diff(observed, plan.complete()))).toBe('');
        expect(textsOf(observed.fixed.get('filter KUBE-FORWARD'))).toContain(
          '-m conntrack --ctstate INVALID -m nfacct --nfacct-name ct_state_invalid_dropped_pkts -j DROP',
        );
        const counted = '--nfacct-name localhost_nps_accepted_pkts';
        const nodePorts = textsOf(observed.fixed.get('nat KUBE-NODEPORTS'));
        expect(nodePorts.filter((rule) => rule.includes(counted))).toHaveLength(family === 'IPv4' ? 1 : 0);
        await backend.cleanup(signal);
      }
    });
  });
});

function textsOf(content: ChainContent | undefined): readonly string[] {
  return content === undefined || content === 'any' ? [] : content.map(formatHeldRule);
}
