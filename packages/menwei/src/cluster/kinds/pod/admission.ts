/** What a pod gets besides its defaults when it is written (cluster § 7, "admission"). */
import type { Messages } from '../../schema/messages.ts';
import { qosClassOf } from './qos.ts';

type Pod = Messages['core.v1.Pod'];
type PodSpec = Messages['core.v1.PodSpec'];
type Toleration = Messages['core.v1.Toleration'];

const TOLERATION_SECONDS = 300;
const NODE_TROUBLES = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** @param pod with its defaults */
export function admitNewPod(pod: Pod): Pod {
  const spec = withTolerations(pod.spec ?? {});
  const account = spec.serviceAccountName || 'default';
  const isGated = (spec.schedulingGates ?? []).length > 0;
  return {
    ...pod,
    spec: {
      ...spec,
      serviceAccountName: account,
      serviceAccount: account,
      priority: spec.priority ?? 0,
      preemptionPolicy: spec.preemptionPolicy ?? 'PreemptLowerPriority',
    },
    status: {
      phase: 'Pending',
      qosClass: qosClassOf(spec),
      ...(isGated ? { conditions: [GATED] } : {}),
    },
  };
}

const GATED = {
  type: 'PodScheduled',
  status: 'False',
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

/** An update may leave out what the pod was given. */
export function admitPodUpdate(pod: Pod, old: Pod): Pod {
  const spec = withTolerations(pod.spec ?? {});
  const priority = spec.priority ?? old.spec?.priority;
  const preemptionPolicy = spec.preemptionPolicy ?? old.spec?.preemptionPolicy;
  return {
    ...pod,
    spec: {
      ...spec,
      ...(priority === undefined ? {} : { priority }),
      ...(preemptionPolicy === undefined ? {} : { preemptionPolicy }),
    },
    status: old.status ?? {},
  };
}

/** A pod stays for five minutes on a node that does not answer, unless it says otherwise. */
function withTolerations(spec: PodSpec): PodSpec {
  const tolerations = spec.tolerations ?? [];
  const missing = NODE_TROUBLES.filter(
    (key) => !tolerations.some((toleration) => tolerates(toleration, key)),
  );
  if (missing.length === 0) return spec;
  const added = missing.map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: TOLERATION_SECONDS,
  }));
  return { ...spec, tolerations: [...tolerations, ...added] };
}

function tolerates({ key = '', effect = '' }: Toleration, taint: string): boolean {
  return (key === taint || key === '') && (effect === 'NoExecute' || effect === '');
}
