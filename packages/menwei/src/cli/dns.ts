/** `menwei dns`: the DNS server of a cluster. */
import type { Command } from 'commander';
import type { DnsFlags } from '../dns/process/dns-options.ts';
import { orFail } from '../setup/failure.ts';
import { append } from './repeated-option.ts';

export function registerDnsCommand(program: Command): void {
  program
    .command('dns')
    .description(
      'answer for the names of Services and pods, and forward all other names, until a signal ends it',
    )
    .option('--kubeconfig <file>', 'how the API server is reached (default: as a pod of the cluster)')
    .option('--master <url>', 'the API server, before the one of the kubeconfig')
    .option(
      '--manifests <path>',
      'objects of this file or folder instead of those of an API server; may be repeated',
      append,
    )
    .option(
      '--corefile <file>',
      'a configuration of CoreDNS: its lines kubernetes, forward, cache, hosts, rewrite name exact and some more are taken over, others are refused by name. Flags come before it',
    )
    .option('--dns-zone <domain>', "the cluster's domain (default: cluster.local)")
    .option(
      '--dns-bind <address:port>',
      'where queries are answered, by UDP and TCP; may be repeated, or a list (default: port 53 of all addresses)',
      append,
    )
    .option(
      '--node-local',
      'answer the pods of this node at the ClusterIPs of the Service kube-dns and at a link-local address, without translation and conntrack entries: on an interface and by rules of its own. With an IPVS proxy at the link-local address only',
    )
    .option(
      '--node-local-address <addresses>',
      'the addresses besides those of the Service; may be repeated, or a list (default: 169.254.20.10)',
      append,
    )
    .option(
      '--node-local-service <namespace/name>',
      'the Service whose ClusterIPs are answered at (default: kube-system/kube-dns)',
    )
    .option('--dns-ttl <seconds>', 'how long clients may keep answers, 0 to 3600 (default: 5)')
    .option('--dns-negative-ttl <seconds>', 'how long they may keep that there is no such name (default: 5)')
    .option(
      '--dns-pods <mode>',
      'names of pods by their addresses: insecure believes the address in the name, verified answers for ready endpoints only, disabled not at all (default: insecure)',
    )
    .option(
      '--dns-forward <upstreams>',
      'who is asked for all other names: a list of addresses, a file such as /etc/resolv.conf, or none (default: /etc/resolv.conf)',
      append,
    )
    .option(
      '--dns-stub <domain=addresses>',
      'who is asked for names of one domain: example.local=10.0.0.5,10.0.0.6; may be repeated',
      append,
    )
    .option(
      '--dns-allow <CIDRs>',
      'who may ask; may be repeated, or a list (default: private, link-local and loopback addresses)',
      append,
    )
    .option('--dns-udp-size <bytes>', 'the largest UDP message that is sent, 512 to 4096 (default: 1232)')
    .option(
      '--dns-cache-ttl <seconds>',
      'how long answers of others are kept at most; 0: not at all (default: 30). Names of the cluster are never kept',
    )
    .option(
      '--dns-own-address <addresses>',
      'addresses of Services that lead to this server, for NS records (default: those of the machine)',
      append,
    )
    .option(
      '--bind-address <address:port>',
      'where /metrics, /ready, /health and /status are told; may be repeated, or a list (default: 127.0.0.1:9153)',
      append,
    )
    .option('-v <number>', 'how much the log says: 2, 4', '0')
    .action((flags: DnsFlags) =>
      orFail(async () => {
        const { runDns } = await import('../dns/process/run-dns.ts');
        await runDns(flags);
      }),
    );
}
