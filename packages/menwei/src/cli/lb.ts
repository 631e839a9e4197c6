/** `menwei lb`: the controller that gives Services of type LoadBalancer their addresses. */
import { type Command, Option } from 'commander';
import type { InspectFlags } from '../loadbalancer/process/inspect-lb.ts';
import type { LbFlags } from '../loadbalancer/process/lb-options.ts';
import type { RebalanceFlags } from '../loadbalancer/process/rebalance-owners.ts';
import { orFail } from '../setup/failure.ts';
import { append } from './repeated-option.ts';

export function registerLbCommand(program: Command): void {
  const lb = program
    .command('lb')
    .description('give Services of type LoadBalancer their addresses, until a signal ends it')
    .option(
      '--load-balancer-class <class>',
      'handle Services of this class; may be repeated (default: menwei.dev/l2, menwei.dev/node, and those of load balancers that are set up)',
      append,
    )
    .option(
      '--default-load-balancer [class]',
      'handle Services without a class, too, as if they had this one, or menwei.dev/l2',
    )
    .option('--kubeconfig <file>', 'how the API server is reached (default: as a pod of the cluster)')
    .option('--master <url>', 'the API server, before the one of the kubeconfig')
    .option(
      '--manifests <path>',
      'objects of this file or folder instead of those of an API server; may be repeated',
      append,
    )
    .option('--status-file <file>', 'where the status of Services goes, with --manifests')
    .option(
      '--lb-config <path>',
      'pools and advertisements of this file or folder, besides those of the API server; may be repeated',
      append,
    )
    .option(
      '--leader-elect [boolean]',
      'of several that run only the holder of the Lease menwei-load-balancer writes',
      'true',
    )
    .option(
      '--namespace <namespace>',
      'where the Leases of the leader and of announcing nodes are',
      'kube-system',
    )
    .option(
      '--ignore-exclude-label',
      'nodes with the label node.kubernetes.io/exclude-from-external-load-balancers are taken all the same',
    )
    .option('--release-on-pool-change', 'take addresses away whose pool is gone')
    .option(
      '--bind-address <address:port>',
      'where /healthz, /metrics and /status are told; empty: nowhere',
      '127.0.0.1:10264',
    )
    .option('--kube-api-qps <number>', 'requests a second to the API server', '100')
    .option('--kube-api-burst <number>', 'requests that may exceed that for a moment', '200')
    .option(
      '--haproxy-binary <file>',
      'start this HAProxy here, for Services of class menwei.dev/haproxy; with --haproxy-config: what checks configurations (default: haproxy)',
    )
    .option(
      '--haproxy-folder <folder>',
      'where an HAProxy that is started here has its files and sockets (default: /run/menwei/haproxy)',
    )
    .option('--haproxy-config <file>', 'the file to write for an HAProxy that runs already, and reads it')
    .option(
      '--haproxy-base-config <file>',
      'a file that such an HAProxy reads before that one; may be repeated',
      append,
    )
    .option('--haproxy-socket <socket>', 'its admin socket: a path, or an address and port of this machine')
    .option('--haproxy-master-socket <socket>', 'the socket of its master process, likewise')
    .option(
      '--haproxy-cluster <name>',
      'stands in the names of sections, so that clusters can share an HAProxy (default: kubernetes)',
    )
    .option(
      '--haproxy-node-addresses <type>',
      'at which of its addresses HAProxy reaches a node: InternalIP (default) or ExternalIP',
    )
    .option(
      '--haproxy-node-health-port <port>',
      'where HAProxy asks a node for the health of its proxy (default: 10256)',
    )
    .option('-v <number>', 'how much the log says: 2, 4', '0')
    .action((flags: LbFlags) =>
      orFail(async () => {
        const { runLb } = await import('../loadbalancer/process/run-lb.ts');
        await runLb({ ...flags, leaderElect: String(flags.leaderElect) });
      }),
    );
  registerExplain(lb);
  registerPools(lb);
  registerRebalance(lb);
}

function registerExplain(lb: Command): void {
  const explain = lb
    .command('explain')
    .description(
      'print why Services of type LoadBalancer have the addresses that they have, or none; of one Service also which node answers, and why the others do not',
    )
    .argument('[service]', 'namespace/name');
  withInspection(explain).action((service: string | undefined, _: unknown, command: Command) =>
    orFail(async () => {
      const { explainServices } = await import('../loadbalancer/process/inspect-lb.ts');
      await explainServices(service, command.optsWithGlobals<InspectFlags>());
    }),
  );
}

function registerPools(lb: Command): void {
  const pools = lb
    .command('pools')
    .description('print the address pools: how many addresses are in use and free, and who may have them');
  withInspection(pools).action((_: unknown, command: Command) =>
    orFail(async () => {
      const { showPools } = await import('../loadbalancer/process/inspect-lb.ts');
      await showPools(command.optsWithGlobals<InspectFlags>());
    }),
  );
}

function registerRebalance(lb: Command): void {
  lb.command('rebalance')
    .description(
      'move announced addresses to the nodes that come first for them, one after the other; exit status 1: not all were moved',
    )
    .option('--pool <name>', 'only addresses of this pool')
    .option('--dry-run', 'print what would be moved')
    .action((_: unknown, command: Command) =>
      orFail(async () => {
        const { rebalanceOwners } = await import('../loadbalancer/process/rebalance-owners.ts');
        await rebalanceOwners(command.optsWithGlobals<RebalanceFlags>());
      }),
    );
}

/** What says which objects are looked at are flags of `menwei lb` itself. */
function withInspection(command: Command): Command {
  return command
    .option('--address <address:port>', 'the controller that is asked', '127.0.0.1:10264')
    .addOption(new Option('-o, --output <format>', 'as JSON').choices(['json']))
    .addHelpText(
      'after',
      `
With --kubeconfig, --master or --manifests no controller is asked: the objects are read, and what a controller would decide about
them is printed. The flags of menwei lb that change decisions are then to be given as to the controller: --status-file,
--lb-config, --load-balancer-class, --default-load-balancer, --namespace, --ignore-exclude-label, --release-on-pool-change.`,
    );
}
