/** What others keep in nf_tables is nothing of the proxy's business: it changes nothing of it and needs nothing of it. */
import { execFileSync } from 'node:child_process';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { fillPlan, install, remainder, updatePlan } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import { describe, expect, it } from 'vitest';
import { openEmptyNfTables } from './nf-tables-kernel.ts';
import { everyFeature } from './nftables-case.ts';
import { listObjects, nft } from './nftables-listing.ts';

const signal = new AbortController().signal;

/** As unlike our tables as can be, and as like them: the same name in another family, our names in another table. */
const NEIGHBOURS = `
table ip other {
  counter hits { packets 7 bytes 700; }
  quota traffic { over 25 mbytes; }
  limit often { rate 400/minute; }
  ct helper ftp-standard { type "ftp" protocol tcp; }
  set names { type ifname; flags timeout; elements = { "eth0" timeout 1h }; }
  set marks { typeof meta mark; counter; elements = { 7 }; }
  set seen { type ipv4_addr; flags dynamic,timeout; size 16; }
  map leads { type ipv4_addr . mark : verdict; flags interval; elements = { 10.0.0.0/8 . 1-5 : jump one, * : drop }; }
  map nat { type ipv4_addr : interval ipv4_addr; flags interval; elements = { 10.1.1.1 : 10.2.2.2-10.2.2.4 }; }
  chain one { ip ttl 1-64 limit name "often" log prefix "one: " counter name "hits"; }
  chain input {
    type filter hook input priority -5; policy accept;
    ct state vmap { established : accept, related : accept, invalid : jump one }
    iifname . ip saddr . th dport { "eth1" . 10.0.0.0/8 . 1-1024, "eth2" . 10.9.0.0/16 . 99 } quota name "traffic" accept
    meta mark set jhash ip saddr . ip daddr mod 16
    ip saddr . meta mark vmap @leads
  }
}
table inet menwei {
  set service-ips { type ipv4_addr . inet_proto . inet_service; elements = { 172.30.0.1 . tcp . 80 }; }
  chain services { type filter hook forward priority 5; policy accept; ip daddr . meta l4proto . th dport @service-ips counter; }
}
table ip6 menwei-2 {
  chain services { counter; }
  map service-ips { type ipv6_addr . inet_proto . inet_service : verdict; elements = { fd00::1 . tcp . 80 : goto services }; }
}
table arp menwei {
  chain one { arp operation request counter; }
}
table bridge menwei {
  chain one { ether saddr 00:11:22:33:44:55 counter; }
}
table netdev menwei {
  chain one { meta length 1000 counter; }
}
`;

/** What iptables on top of nf_tables makes. */
function addIptablesRules(): void {
  for (const tool of ['iptables', 'ip6tables']) {
    for (const chain of ['KUBE-SERVICES', 'THEIRS']) {
      execFileSync(`${tool}-nft`, ['-t', 'nat', '-N', chain]);
      execFileSync(`${tool}-nft`, [
        '-t',
        'nat',
        '-A',
        'PREROUTING',
        '-m',
        'comment',
        '--comment',
        'x',
        '-j',
        chain,
      ]);
    }
    execFileSync(`${tool}-nft`, [
      '-A',
      'FORWARD',
      '-p',
      'tcp',
      '--dport',
      '1:9',
      '-m',
      'conntrack',
      '--ctstate',
      'NEW',
      '-j',
      'ACCEPT',
    ]);
  }
}

/** All there is but our tables. */
function listNeighbours(): readonly string[] {
  return listObjects('ruleset').filter(
    (line) =>
      !/"family":"ip6?","(table|name)":"menwei"[,}]/.test(line) &&
      !/"family":"ip6?","name":"[^"]*","table":"menwei"/.test(line),
  );
}

describe.each(IP_FAMILIES)('%s', (family) => {
  const full = everyFeature(family, {});
  const few = { ...full, ports: new Map([...full.ports].slice(0, 3)) };

  it('leaves alone what others have, while it starts, changes, repairs and cleans up', async () => {
    const client = openEmptyNfTables();
    nft(['-f', '-'], NEIGHBOURS);
    addIptablesRules();
    const before = listNeighbours();
    expect(before.length).toBeGreaterThan(40);
    const backend = openBackend(client, family);

    const plan = fillPlan(backend, few);
    await install(backend, plan);
    expect(await remainder(backend, plan)).toBe('');
    expect(listNeighbours()).toEqual(before);

    const { before: from, after } = updatePlan(backend, plan, few, full);
    await backend.apply(backend.diff(from, after), signal);
    expect(await remainder(backend, plan)).toBe('');
    expect(listNeighbours()).toEqual(before);

    nft(['delete', 'table', family === 'IPv4' ? 'ip' : 'ip6', 'menwei']);
    await install(backend, plan);
    expect(await remainder(backend, plan)).toBe('');
    await backend.cleanup();
    expect(listObjects('ruleset')).toEqual(before);
  });

  it('does not need them', async () => {
    const client = openEmptyNfTables();
    nft(['-f', '-'], NEIGHBOURS);
    const backend = openBackend(client, family);
    const plan = fillPlan(backend, full);
    await install(backend, plan);
    for (const table of ['ip other', 'inet menwei', 'ip6 menwei-2', 'arp menwei']) {
      nft(['delete', 'table', ...table.split(' ')]);
    }
    expect(await remainder(backend, plan)).toBe('');
  });
});
