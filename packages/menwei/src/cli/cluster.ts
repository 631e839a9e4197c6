/** `menwei cluster`: a control plane for Services in one process. */
import { type Command, Option } from 'commander';
import type { ClusterFlags } from '../cluster/cluster-options.ts';
import { AUTO_MODE, MODE_NAMES } from '../config/settings.ts';
import { orFail } from '../setup/failure.ts';
import { append } from './repeated-option.ts';

type ClusterCommands = typeof import('../cluster/cluster-commands.ts');

/** What the commands need is loaded by who uses one. */
function act(command: (commands: ClusterCommands) => Promise<void>): Promise<void> {
  return orFail(async () => command(await import('../cluster/cluster-commands.ts')));
}

const DATA = [
  '--data <folder>',
  'keeps the objects, keys and certificates (default: /var/lib/menwei/cluster; for who is not root $XDG_STATE_HOME/menwei/cluster or ~/.local/state/menwei/cluster)',
] as const;

export function registerClusterCommand(program: Command): void {
  const cluster = program
    .command('cluster')
    .description('a control plane for Services in one process: API server, store and controllers');
  registerUp(cluster);
  cluster
    .command('kubeconfig')
    .description('print a kubeconfig for a user of a cluster that runs or has run')
    .addOption(
      new Option('--user <user>', 'for whom')
        .choices(['admin', 'viewer', 'proxy', 'announcer', 'load-balancer'])
        .default('admin'),
    )
    .option(...DATA)
    .action((options: { readonly user: string; readonly data?: string }) =>
      act(({ printKubeconfig }) => printKubeconfig(options)),
    );
  cluster
    .command('backup')
    .description('copy all objects into one file, while the cluster runs or not')
    .argument('<file>', 'must not be there yet')
    .option(...DATA)
    .option('--with-keys', 'the keys, certificates, tokens and roles, too, in FILE.keys')
    .action((file: string, options: { readonly data?: string; readonly withKeys?: true }) =>
      act(({ backup }) => backup(file, options)),
    );
  cluster
    .command('restore')
    .description('make the data folder of a cluster from a backup')
    .argument('<file>', 'what backup has written; with FILE.keys beside it, that, too')
    .option(...DATA)
    .action((file: string, options: { readonly data?: string }) =>
      act(({ restore }) => restore(file, options)),
    );
  cluster
    .command('check')
    .description('say what is wrong with the addresses and ports of Services; exit status 1: something is')
    .option(...DATA)
    .option('--service-node-port-range <range>', 'the one that the cluster runs with', '30000-32767')
    .action((options: Parameters<ClusterCommands['check']>[0]) => act(({ check }) => check(options)));
}

function registerUp(cluster: Command): void {
  cluster
    .command('up')
    .description('run the cluster until a signal ends it; prints “ready” and where the kubeconfig is')
    .option(...DATA)
    .option('--listen <address:port>', 'where the API server listens', '127.0.0.1:6443')
    .option(
      '--advertise-address <ip>',
      'where pods reach the API server (default: the address it listens on, unless that is loopback)',
    )
    .option(
      '--service-cluster-ip-range <cidrs>',
      'ClusterIPs of Services: one network, or one of each IP family',
      '10.96.0.0/16',
    )
    .option(
      '--service-node-port-range <range>',
      'ports for NodePorts and health checks of Services',
      '30000-32767',
    )
    .option(
      '--kubeconfig <file>',
      'merge the access of the admin into this file, as the context menwei (without it: admin.kubeconfig in the data folder)',
    )
    .option('--store <kind>', 'file: survives the process; memory: does not', 'file')
    .option(
      '--store-sync <how>',
      'full: a write is on disk when it is answered; normal: a moment later',
      'full',
    )
    .option('--manifests <folder>', 'keep objects as the files of this folder have them')
    .addOption(
      new Option('--proxy <mode>', 'run the proxy of this machine, too').choices([...MODE_NAMES, AUTO_MODE]),
    )
    .option('--config <file>', 'KubeProxyConfiguration of the proxy')
    .option(
      '--hostname-override <name>',
      'name of this machine’s Node, with --proxy (default: the host name)',
    )
    .option('--load-balancer', 'give Services of type LoadBalancer their addresses, too (menwei lb)')
    .option(
      '--lb-config <path>',
      'with --load-balancer: pools and advertisements of this file or folder, besides those in the cluster; may be repeated',
      append,
    )
    .option(
      '--default-load-balancer <class>',
      'with --load-balancer: serve Services without a class as if they had this one; none: leave them alone',
      'menwei.dev/l2',
    )
    .option(
      '--lb-bind-address <address:port>',
      'with --load-balancer: where its /healthz, /metrics and /status are told; empty: nowhere',
      '127.0.0.1:10264',
    )
    .option('--dns', 'answer for the names of Services and pods, too (menwei dns), at the Service kube-dns')
    .option(
      '--dns-bind <address:port>',
      'with --dns: where (default: port 53 of the advertised address, or 127.0.0.1)',
      append,
    )
    .option(
      '--dns-forward <upstreams>',
      'with --dns: who is asked for all other names: addresses, a file, or none (default: /etc/resolv.conf)',
      append,
    )
    .option('--tls-san <name>', 'one more name or address in the server’s certificate', append)
    .option('--tls-cert-file <file>', 'certificate of the server, in the place of its own')
    .option('--tls-private-key-file <file>', 'its key')
    .option('--client-ca-file <file>', 'authorities of clients’ certificates, besides its own')
    .option('--audit-log <file>', 'a line for each request that writes or is refused')
    .option('--insecure-loopback', 'no TLS, and everybody who reaches it is an admin; on loopback only')
    .option('--max-endpoints-per-slice <n>', '1 to 1000', '100')
    .option('--legacy-endpoints <bool>', 'keep Endpoints objects, too', 'true')
    .option('-v, --v <n>', 'how much is logged', '0')
    .action((flags: ClusterFlags) => act(({ up }) => up(flags)));
}
