/** `menwei run` on a node of the lab, as a real node would run it. */
import { fileURLToPath } from 'node:url';
import type { HostProcess } from './host-process.ts';
import type { LabNode } from './lab.ts';

const LAUNCHER = fileURLToPath(new URL('../../../bin/menwei', import.meta.url));

interface NodeProxyOptions {
  /** File or folder with the objects. */
  readonly manifests: string;
  /** iptables unless given. */
  readonly mode?: string | undefined;
  /** Without it the pods' traffic is told by the names of their interfaces. */
  readonly clusterCIDR?: string | undefined;
  readonly moreFlags?: readonly string[] | undefined;
  readonly onOutput?: ((text: string) => void) | undefined;
}

export function startNodeProxy(node: LabNode, options: NodeProxyOptions): HostProcess {
  const detectLocal =
    options.clusterCIDR === undefined
      ? ['--detect-local-mode', 'InterfaceNamePrefix', '--pod-interface-name-prefix', 'veth']
      : ['--cluster-cidr', options.clusterCIDR];
  const flags = [
    ...['--manifests', options.manifests],
    ...['--proxy-mode', options.mode ?? 'iptables'],
    ...['--hostname-override', node.name],
    ...detectLocal,
    ...(options.moreFlags ?? []),
  ];
  return node.spawn(LAUNCHER, ['run', ...flags], { onOutput: options.onOutput });
}
