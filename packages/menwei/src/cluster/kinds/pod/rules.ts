/** Pods (cluster § 10.3). */
import type { Messages } from '../../schema/messages.ts';
import { ipWarnings } from '../addresses.ts';
import type { KindRules } from '../kind-rules.ts';
import { whyNoDnsLabel } from '../syntax.ts';
import { POD_TABLE } from '../tables/pod.ts';
import { admitNewPod, admitPodUpdate } from './admission.ts';
import { withPodDefaults } from './defaults.ts';
import { newPodErrors, podSpecErrors } from './spec.ts';
import { podStatusErrors, preparePodStatus } from './status.ts';
import { podUpdateErrors } from './update.ts';

export const POD_RULES: KindRules<Messages['core.v1.Pod']> = {
  countsGeneration: true,
  defaults: withPodDefaults,
  prepareForCreate: admitNewPod,
  prepareForUpdate: admitPodUpdate,
  prepareForStatusUpdate: preparePodStatus,
  validate({ spec = {} }, old) {
    const errors = podSpecErrors(spec);
    return old === undefined ? [...errors, ...newPodErrors(spec)] : errors;
  },
  validateUpdate: (pod, old) => podUpdateErrors(pod.spec ?? {}, old.spec ?? {}),
  validateStatusUpdate: podStatusErrors,
  warnings({ metadata: { name = '' }, status }, old) {
    if (old !== undefined) {
      return (status?.podIPs ?? []).flatMap(({ ip = '' }, i) => ipWarnings(`status.podIPs[${i}].ip`, ip));
    }
    const whys = whyNoDnsLabel(name);
    if (whys.length === 0) return [];
    const what =
      "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended";
    return [`${what}: [${whys.join(' ')}]`];
  },
  fieldNames: [
    'spec.nodeName',
    'spec.restartPolicy',
    'spec.schedulerName',
    'spec.serviceAccountName',
    'spec.hostNetwork',
    'status.phase',
    'status.podIP',
    'status.podIPs',
    'status.nominatedNodeName',
  ],
  selectableFields({ spec = {}, status = {} }) {
    return {
      'spec.nodeName': spec.nodeName ?? '',
      'spec.restartPolicy': spec.restartPolicy ?? '',
      'spec.schedulerName': spec.schedulerName ?? '',
      'spec.serviceAccountName': spec.serviceAccountName ?? '',
      'spec.hostNetwork': String(spec.hostNetwork === true),
      'status.phase': status.phase ?? '',
      'status.podIP': status.podIPs?.[0]?.ip ?? '',
      // The reference takes the selector, and never has a value for it.
      'status.podIPs': '',
      'status.nominatedNodeName': status.nominatedNodeName ?? '',
    };
  },
  table: POD_TABLE,
};
