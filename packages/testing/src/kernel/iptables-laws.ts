/**
 * What the proxy relies on in iptables, checked on the real tools and on the fake alike: so tests on the fake say
 * something about the kernel.
 */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { KernelError } from '@menwei/netlink';
import { describe, expect, it } from 'vitest';

const signal = new AbortController().signal;

/** The lines of iptables-save without comments and counters. */
export async function saved(tools: IptablesTools, table: string): Promise<readonly string[]> {
  const lines: string[] = [];
  await tools.save(table, (line) => lines.push(line), signal);
  return lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \[\d+:\d+\]$/, ''));
}

/** How a failed restore is told, or undefined when it worked. */
export async function restoreFailure(tools: IptablesTools, script: string): Promise<KernelError | undefined> {
  try {
    await tools.restore([script], signal);
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

/** What is written, and what is read back. */
type KeptRules = Readonly<Record<IpFamily, readonly (readonly [written: string, read: string])[]>>;

const RULES: KeptRules = {
  IPv4: [
    ['', ''],
    ['-j DROP', '-j DROP'],
    ['-s 10.1.2.3/24 -d 10.0.0.1 -j K2', '-s 10.1.2.0/24 -d 10.0.0.1/32 -j K2'],
    ['-d 127.0.0.0/8 ! -s 127.0.0.0/8', '! -s 127.0.0.0/8 -d 127.0.0.0/8'],
    ['! -i veth+ -j K2', '! -i veth+ -j K2'],
    ['-m tcp -p tcp --dport 80', '-p tcp -m tcp --dport 80'],
    ['-p udp --dport 53', '-p udp -m udp --dport 53'],
    ['-m sctp -p sctp ! --dport 80:90', '-p sctp -m sctp ! --dport 80:90'],
    ['-m comment --comment one', '-m comment --comment one'],
    ['-m comment --comment ns/web', '-m comment --comment "ns/web"'],
    [
      String.raw`-m comment --comment "it's \"so\" \\ here"`,
      String.raw`-m comment --comment "it\'s \"so\" \\ here"`,
    ],
    ['-m addrtype --dst-type LOCAL', '-m addrtype --dst-type LOCAL'],
    ['-m addrtype --dst-type LOCAL ! --src-type LOCAL', '-m addrtype ! --src-type LOCAL --dst-type LOCAL'],
    ['-m physdev ! --physdev-is-in', '-m physdev ! --physdev-is-in'],
    ['-m set --match-set S4 dst,dst', '-m set --match-set S4 dst,dst'],
    ['-p tcp -m set ! --match-set S4 src,dst -j K2', '-p tcp -m set ! --match-set S4 src,dst -j K2'],
    ['-m conntrack --ctstate ESTABLISHED,NEW,RELATED', '-m conntrack --ctstate NEW,RELATED,ESTABLISHED'],
    [
      '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT',
      '-m conntrack ! --ctstate RELATED,ESTABLISHED,DNAT',
    ],
    ['-m mark ! --mark 0x00004000/0x00004000', '-m mark ! --mark 0x4000/0x4000'],
    ['-m mark --mark 1', '-m mark --mark 0x1'],
    ['-j MARK --or-mark 0x00004000', '-j MARK --set-xmark 0x4000/0x4000'],
    ['-j MARK --xor-mark 0x00004000', '-j MARK --set-xmark 0x4000/0x0'],
    ['-j MARK --set-mark 0x1', '-j MARK --set-xmark 0x1/0xffffffff'],
    ['-j MARK --and-mark 0x3', '-j MARK --set-xmark 0x0/0xfffffffc'],
    ['-j REJECT', '-j REJECT --reject-with icmp-port-unreachable'],
    [
      '-m tcp -p tcp -d 10.0.0.1 -m conntrack ! --ctstate DNAT -j REJECT --reject-with tcp-reset',
      '-d 10.0.0.1/32 -p tcp -m tcp -m conntrack ! --ctstate DNAT -j REJECT --reject-with tcp-reset',
    ],
    ['-m icmp -p icmp --icmp-type 8', '-p icmp -m icmp --icmp-type 8'],
    ...[
      ['0.3333333333', '0.33333333349'],
      ['0.1428571429', '0.14285714272'],
      ['0.0083333333', '0.00833333330'],
      ['0.5', '0.50000000000'],
    ].map(
      ([written, read]) =>
        [
          `-m statistic --mode random --probability ${written}`,
          `-m statistic --mode random --probability ${read}`,
        ] as const,
    ),
    [
      '-m recent --name K2 --rcheck --seconds 10800 --reap -j K2',
      '-m recent --rcheck --seconds 10800 --reap --name K2 --mask 255.255.255.255 --rsource -j K2',
    ],
    [
      '-m comment --comment a -m recent --name K2 --set -m tcp -p tcp',
      '-p tcp -m comment --comment a -m recent --set --name K2 --mask 255.255.255.255 --rsource -m tcp',
    ],
  ],
  IPv6: [
    ['-m set --match-set S6 dst,dst -s fd00::1', '-s fd00::1/128 -m set --match-set S6 dst,dst'],
    ['-d fd00:30::1 -s fd00:0:0:1::1/64', '-s fd00:0:0:1::/64 -d fd00:30::1/128'],
    ['-j REJECT', '-j REJECT --reject-with icmp6-port-unreachable'],
    ['-m icmp6 -p ipv6-icmp --icmpv6-type 128', '-p ipv6-icmp -m icmp6 --icmpv6-type 128'],
    [
      '-m recent --name K2 --set',
      '-m recent --set --name K2 --mask ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff --rsource',
    ],
  ],
};

const VIRTUAL_SERVER_RULES: KeptRules = {
  IPv4: [
    [
      '-s 1.2.3.5 -m ipvs --vaddr 1.2.3.5 --vproto udp --vport 80 -j DROP',
      '-s 1.2.3.5/32 -m ipvs --vproto 17 --vaddr 1.2.3.5 --vport 80 -j DROP',
    ],
    ['-m ipvs --vport 80 --vproto tcp', '-m ipvs --vproto 6 --vport 80'],
    ['-m ipvs ! --vproto sctp', '-m ipvs ! --vproto 132'],
  ],
  IPv6: [
    [
      '-m ipvs --vaddr fd00::5 --vproto tcp --vport 80 -j DROP',
      '-m ipvs --vproto 6 --vaddr fd00::5 --vport 80 -j DROP',
    ],
  ],
};

/**
 * Refused in a filter table whose K1 jumps to K2, which holds a rule. The line is that of the script; the nf_tables
 * variant looks for the chains of jumps at the end, and the legacy one for circles.
 */
const REFUSED = [
  { what: 'a jump to a missing chain', commands: ['-A K1 -j NOPE'], line: { legacy: 2, nf_tables: 3 } },
  {
    what: 'a jump to a chain that is declared later',
    commands: ['-A K1 -j K3', ':K3 - [0:0]'],
    line: { legacy: 2, nf_tables: 4 },
  },
  { what: 'a rule for a missing chain', commands: [':K3 - [0:0]', '-A NOPE -j DROP'], line: 3 },
  { what: 'the insertion into a missing chain', commands: ['-I NOPE -j DROP'], line: 2 },
  { what: 'the deletion of a missing rule', commands: ['-A K1 -j DROP', '-D K1 -j ACCEPT'], line: 3 },
  { what: 'the deletion from a missing chain', commands: ['-D NOPE -j DROP'], line: 2 },
  { what: 'a position past the end', commands: ['-I K1 3 -j DROP'], line: 2 },
  { what: 'position 0', commands: ['-I K1 0 -j DROP'], line: 2 },
  { what: 'the removal of a missing chain', commands: ['-X NOPE'], line: 2 },
  { what: 'the removal of a chain of the kernel', commands: ['-X INPUT'], line: 2 },
  { what: 'the removal of a chain with rules', commands: [':K1 - [0:0]', '-X K2'], line: 3 },
  { what: 'the removal of a chain that is jumped to', commands: [':K2 - [0:0]', '-X K2'], line: 3 },
  {
    what: 'a circle that packets can get into',
    commands: [':K2 - [0:0]', '-A K2 -j K1', '-A INPUT -j K1'],
    line: { legacy: 5, nf_tables: 4 },
  },
  { what: 'a rule that asks a missing set', commands: ['-A K1 -m set --match-set S2 dst -j DROP'], line: 2 },
  {
    what: 'a rule that asks a set of the other family',
    commands: ['-A K1 -m set --match-set S6 dst -j DROP'],
    line: 2,
  },
  { what: 'directions there are none of', commands: ['-A K1 -m set --match-set S4 up -j DROP'], line: 2 },
  { what: 'a set match without a set', commands: ['-A K1 -m set -j DROP'], line: 2 },
  { what: 'a bridge match without a word', commands: ['-A K1 -m physdev -j DROP'], line: 2 },
  { what: 'an option that no match knows', commands: ['-A K1 --nope 1'], line: 2 },
  { what: 'a line that is no command', commands: ['nope'], line: 2 },
] as const;

/** The tools of a kernel without any rule, but with a set to ask, S4 or S6 by the family (hash:ip,port). */
export type OpenKernel = (family: IpFamily) => Promise<IptablesTools>;

/** What a kernel with IPVS keeps besides. */
export function describeVirtualServerMatch(title: string, openKernel: OpenKernel): void {
  describe(`the IPVS match of ${title}`, () => describeKept(VIRTUAL_SERVER_RULES, openKernel));
}

function describeKept(rules: KeptRules, openKernel: OpenKernel): void {
  describe.each(['IPv4', 'IPv6'] as const)('%s', (family) => {
    it.each(rules[family])('keeps `%s` as `%s`', async (written, read) => {
      const tools = await openKernel(family);
      await tools.restore([`*filter\n:K1 - [0:0]\n:K2 - [0:0]\n-A K1 ${written}\nCOMMIT\n`], signal);
      expect((await saved(tools, 'filter')).filter((line) => line.startsWith('-A'))).toEqual([
        `-A K1 ${read}`.trim(),
      ]);
    });
  });
}

export function describeIptablesTools(title: string, openKernel: OpenKernel): void {
  describe(`iptables of ${title}`, () => {
    describeKept(RULES, openKernel);

    it('keeps the rules of nat', async () => {
      const tools = await openKernel('IPv4');
      const rules = [
        '-A K1 -j MASQUERADE --random-fully',
        '-A K1 -p tcp -j DNAT --to-destination 10.0.0.1:80',
      ];
      await tools.restore([`*nat\n:K1 - [0:0]\n${rules.join('\n')}\nCOMMIT\n`], signal);
      expect(await tools.list('nat', 'K1', signal)).toEqual(rules);
    });

    it('saves the chains of the kernel first, then the others by name', async () => {
      const tools = await openKernel('IPv4');
      await tools.restore(
        [`*filter\n:K2 - [0:0]\n:K1 - [0:0]\n-I INPUT -j K2\n-A K1 -j K2\nCOMMIT\n`],
        signal,
      );
      expect(await saved(tools, 'filter')).toEqual([
        '*filter',
        ...[':INPUT ACCEPT', ':FORWARD ACCEPT', ':OUTPUT ACCEPT', ':K1 -', ':K2 -'],
        ...['-A INPUT -j K2', '-A K1 -j K2', 'COMMIT'],
      ]);
    });

    it('inserts in front, or at a position up to the end', async () => {
      const tools = await openKernel('IPv4');
      const marks = (await restoreMarks(tools, ['-A K1 1', '-I K1 2', '-I K1 2 3', '-I K1 4 4'])).map(Number);
      expect(marks).toEqual([2, 3, 1, 4]);
    });

    it('deletes the first of equal rules', async () => {
      const tools = await openKernel('IPv4');
      expect(await restoreMarks(tools, ['-A K1 1', '-A K1 2', '-A K1 1', '-D K1 1'])).toEqual(['0x2', '0x1']);
    });

    it('empties a chain that is declared again, but none of the kernel’s', async () => {
      const tools = await openKernel('IPv4');
      await tools.restore(['*filter\n:K1 - [0:0]\n-A K1 -j DROP\n-A INPUT -j K1\nCOMMIT\n'], signal);
      await tools.restore(['*filter\n:K1 - [0:0]\n:INPUT ACCEPT [0:0]\nCOMMIT\n'], signal);
      expect(await tools.list('filter', 'K1', signal)).toEqual([]);
      expect(await tools.list('filter', 'INPUT', signal)).toEqual(['-A INPUT -j K1']);
    });

    it('removes an empty chain once nothing jumps to it', async () => {
      const tools = await openKernel('IPv4');
      await tools.restore(['*filter\n:K1 - [0:0]\n:K2 - [0:0]\n-A K1 -j K2\nCOMMIT\n'], signal);
      await tools.restore(['*filter\n-D K1 -j K2\n-X K2\nCOMMIT\n'], signal);
      expect(await tools.list('filter', 'K2', signal)).toBeUndefined();
    });

    it.each(REFUSED)('refuses $what, names the line and changes nothing', async ({ commands, line }) => {
      const tools = await openKernel('IPv4');
      const prepared = '*filter\n:K1 - [0:0]\n:K2 - [0:0]\n-A K1 -j K2\n-A K2 -j DROP\nCOMMIT\n';
      await tools.restore([prepared], signal);
      const before = await saved(tools, 'filter');
      const script = `*filter\n${commands.join('\n')}\nCOMMIT\n`;
      const failure = await restoreFailure(tools, script);
      const number = typeof line === 'number' ? line : line[tools.variant];
      expect(failure?.message).toContain(`line ${number} \`${script.split('\n')[number - 1]}\``);
      expect(await saved(tools, 'filter')).toEqual(before);
    });

    it('keeps what was committed before a table that fails, and goes no further', async () => {
      const tools = await openKernel('IPv4');
      const script =
        '*filter\n:K1 - [0:0]\nCOMMIT\n*nat\n:K1 - [0:0]\n-X NOPE\nCOMMIT\n*mangle\n:K1 - [0:0]\nCOMMIT\n';
      expect((await restoreFailure(tools, script))?.message).toContain('line 6 `-X NOPE`');
      expect(await tools.list('filter', 'K1', signal)).toEqual([]);
      expect(await tools.list('nat', 'K1', signal)).toBeUndefined();
      expect(await tools.list('mangle', 'K1', signal)).toBeUndefined();
    });

    it('commits nothing without COMMIT', async () => {
      const tools = await openKernel('IPv4');
      expect((await restoreFailure(tools, '*filter\n:K1 - [0:0]\n'))?.message).toContain('COMMIT expected');
      expect(await tools.list('filter', 'K1', signal)).toBeUndefined();
    });

    it('refuses an unknown table', async () => {
      const tools = await openKernel('IPv4');
      expect((await restoreFailure(tools, '*nope\nCOMMIT\n'))?.message).toContain('line 1 `*nope`');
      await expect(tools.list('nope', 'INPUT', signal)).rejects.toThrow(KernelError);
    });

    it('creates a chain, and does not mind one that exists', async () => {
      const tools = await openKernel('IPv4');
      await tools.restore(['*mangle\n:K1 - [0:0]\n-A K1 -j DROP\nCOMMIT\n'], signal);
      for (const chain of ['K1', 'K2']) await tools.createChain('mangle', chain, signal);
      expect(await tools.list('mangle', 'K1', signal)).toEqual(['-A K1 -j DROP']);
      expect(await tools.list('mangle', 'K2', signal)).toEqual([]);
    });

    it('does nothing for a signal that fired already', async () => {
      const tools = await openKernel('IPv4');
      await expect(
        tools.restore(['*filter\n:K1 - [0:0]\nCOMMIT\n'], AbortSignal.abort(new Error('over'))),
      ).rejects.toThrow('over');
      expect(await tools.list('filter', 'K1', signal)).toBeUndefined();
    });
  });
}

/** Commands whose last word is a mark to match; returns the marks in the order in which K1 holds them. */
async function restoreMarks(tools: IptablesTools, commands: readonly string[]): Promise<readonly string[]> {
  const lines = commands.map((command) => command.replace(/(\d+)$/, '-m mark --mark $1'));
  await tools.restore([`*filter\n:K1 - [0:0]\n${lines.join('\n')}\nCOMMIT\n`], signal);
  return ((await tools.list('filter', 'K1', signal)) ?? []).map((line) => line.slice(line.indexOf('0x')));
}
