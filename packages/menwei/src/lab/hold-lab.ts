/** The process that holds a lab: hosts, pods, cluster and proxies live as long as it does. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { enterNamespace } from '@menwei/kernel/netns.ts';
import { createLab, type Lab } from '@menwei/lab/lab.ts';
import {
  describeHosts,
  type ResidencePaths,
  ResidentLabError,
  serveResidentLab,
} from '@menwei/lab/residence.ts';
import type { LabSpec } from '@menwei/lab/topology.ts';
import * as v from 'valibot';
import { formatErrorChain } from '../log/error-text.ts';
import { type LabCluster, podResolvConf, startLabCluster } from './lab-cluster.ts';
import { labKubeconfig } from './lab-kubeconfig.ts';
import type { LabManifest } from './lab-manifests.ts';
import { DEFAULT_NAMESPACE } from './lab-objects.ts';
import { loadBalancersOf } from './load-balancers.ts';
import { faultActions, proxyOf, withRefusals } from './node-faults.ts';
import { NodeProxyProcess } from './node-proxy-process.ts';
import { resolvConfPath } from './pod-resolver.ts';
import { WITHOUT_PROXY } from './without-proxy.ts';

interface HoldOptions {
  readonly manifests: readonly LabManifest[];
  readonly proxyMode: string;
  readonly foreground?: true;
}

type Proxies = ReadonlyMap<string, NodeProxyProcess>;

/** Resolves when the lab answers at its socket. It stays until it is asked to go, or a signal ends it. */
export async function holdLab(spec: LabSpec, options: HoldOptions, paths: ResidencePaths): Promise<void> {
  const lab = await createLab(spec);
  // For good: the API server listens there, and whatever else this process opens is none of the machine's business either.
  enterNamespace(lab.wire.namespace);
  const stop = new AbortController();
  const cluster = await startLabCluster(
    { spec, lab, folder: paths.folder, manifests: options.manifests },
    stop.signal,
  );
  for (const { name, namespace = DEFAULT_NAMESPACE } of spec.pods ?? []) {
    const text = podResolvConf(spec, namespace, options.proxyMode !== WITHOUT_PROXY);
    writeFileSync(resolvConfPath(paths.folder, name), text, { mode: 0o644 });
  }
  const isAnnouncing = spec.loadBalancer !== undefined;
  const proxies = startProxies(lab, { ...options, isAnnouncing }, paths);
  const end = async (): Promise<void> => {
    // It would hand its addresses over first, for seconds, and to nobody.
    if (isAnnouncing) for (const proxy of proxies.values()) proxy.kill();
    stop.abort();
    await Promise.allSettled([lab.close(), cluster.ended]);
    server.close();
  };
  const server = await serveResidentLab(paths, {
    status: async () => ({
      pid: process.pid,
      hosts: describeHosts(lab, cluster.kubelet.unreadyPods()),
      proxies: await Promise.all([...proxies.values()].map((proxy) => proxy.status())),
      loadBalancers: spec.loadBalancer === undefined ? [] : [...loadBalancersOf(cluster.store)],
    }),
    actions: {
      down: end,
      restart: (input) => restart(proxies, input),
      ready: (input) => setReady(cluster, input),
      ...faultActions({ lab, kubelet: cluster.kubelet, proxies }),
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => void end().then(() => rmSync(paths.folder, { recursive: true, force: true })));
  }
  // Nobody can work with the rest.
  cluster.ended.catch((error: unknown) => {
    process.stderr.write(`menwei: lab: the cluster has ended: ${formatErrorChain(error)}\n`);
    process.exitCode = 1;
    void end();
  });
}

function startProxies(
  lab: Lab,
  { proxyMode, foreground, isAnnouncing }: HoldOptions & { readonly isAnnouncing: boolean },
  { folder }: ResidencePaths,
): Proxies {
  if (proxyMode === WITHOUT_PROXY) return new Map();
  const proxies = lab.nodes.map(
    (node) =>
      new NodeProxyProcess(node, {
        source: ['--kubeconfig', labKubeconfig(folder, isAnnouncing ? 'announcer' : 'proxy')],
        mode: proxyMode,
        isAnnouncing,
        log: join(folder, `${node.name}.log`),
        onOutput: foreground === true ? printAs(node.name) : undefined,
      }),
  );
  return new Map(proxies.map((proxy) => [proxy.node, proxy]));
}

function printAs(name: string): (text: string) => void {
  return (text) => void process.stdout.write(text.replaceAll(/^(?=.)/gm, `${name}: `));
}

const Restart = v.object({ node: v.string(), mode: v.optional(v.string()), flags: v.array(v.string()) });

async function restart(proxies: Proxies, input: unknown): Promise<void> {
  const { node, mode, flags } = v.parse(Restart, input);
  await proxyOf(proxies, node).restart(mode, flags);
}

const Ready = v.object({ pod: v.string(), isReady: v.boolean() });

async function setReady({ kubelet }: LabCluster, input: unknown): Promise<void> {
  const { pod, isReady } = v.parse(Ready, input);
  const isThere = await withRefusals(kubelet.setReady(pod, isReady));
  if (!isThere) throw new ResidentLabError(`there is no pod ${pod}`);
}
