/** `menwei run` on a node of the lab, as a real node would run it. */
import { fileURLToPath } from 'node:url';
import type { HostProcess } from './host-process.ts';
import type { LabNode } from './lab.ts';

/** The program `menwei` itself. */
export const LAUNCHER = fileURLToPath(new URL('../../../bin/menwei', import.meta.url));

interface NodeProxyOptions {
  /** Where the objects come from: `--manifests FOLDER`, `--kubeconfig FILE`. */
  readonly source: readonly string[];
  /** iptables unless given. */
  readonly mode?: string | undefined;
  /** Without it the pods' traffic is told by the names of their interfaces. */
  readonly clusterCIDR?: string | undefined;
  readonly moreFlags?: readonly string[] | undefined;
}

/** The flags of `menwei run` and `menwei diff` on a node. */
export function nodeProxyFlags(node: string, options: NodeProxyOptions): readonly string[] {
  const detectLocal =
    options.clusterCIDR === undefined
      ? ['--detect-local-mode', 'InterfaceNamePrefix', '--pod-interface-name-prefix', 'veth']
      : ['--cluster-cidr', options.clusterCIDR];
  return [
    ...options.source,
    ...['--proxy-mode', options.mode ?? 'iptables'],
    ...['--hostname-override', node],
    ...detectLocal,
    ...(options.moreFlags ?? []),
  ];
}

export function startNodeProxy(node: LabNode, options: NodeProxyOptions): HostProcess {
  return node.spawn(LAUNCHER, ['run', ...nodeProxyFlags(node.name, options)]);
}
