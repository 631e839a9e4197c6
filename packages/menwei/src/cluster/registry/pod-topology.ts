/** A pod that is given its node has the node's zone and region as labels since Kubernetes 1.35 (KEP-4742). */
import type { WriteHook } from '../allocation/write-hook.ts';
import type { Messages } from '../schema/messages.ts';
import type { Transaction } from '../store/store.ts';

const TOPOLOGY_LABELS: readonly string[] = ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone'];

type Pod = Messages['core.v1.Pod'];

export const podTopology: WriteHook<Pod> = {
  allocate(transaction, pod, old) {
    const nodeName = pod.spec?.nodeName ?? '';
    if (nodeName === '' || nodeName === old?.spec?.nodeName) return pod;
    const topology = topologyOf(transaction, nodeName);
    if (Object.keys(topology).length === 0) return pod;
    return { ...pod, metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, ...topology } } };
  },
};

/** A node that is not there says nothing. */
function topologyOf(transaction: Transaction, nodeName: string): Readonly<Record<string, string>> {
  const labels = transaction.get('nodes', '', nodeName)?.labels ?? {};
  return Object.fromEntries(
    TOPOLOGY_LABELS.filter((label) => Object.hasOwn(labels, label)).map((label) => [
      label,
      labels[label] ?? '',
    ]),
  );
}
