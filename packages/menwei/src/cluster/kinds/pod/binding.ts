/** A pod gets its node: what a scheduler posts to `/binding` (cluster § 3.2). */
import { type FieldError, notSupportedInOrder, required } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { badRequest, conflict, objectInvalid } from '../../schema/status-error.ts';
import { formatTime } from '../../schema/time.ts';

type Pod = Messages['core.v1.Pod'];
type Binding = Messages['core.v1.Binding'];
type Condition = Messages['core.v1.PodCondition'];

const BINDINGS = { group: '', resource: 'bindings', kind: 'Binding' };
const POD_BINDINGS = { group: '', resource: 'pods/binding', kind: 'Binding' };

/**
 * @param name of the pod in the URL
 * @throws StatusError 400 the binding is for another pod; 422 it names no node
 */
export function checkBinding({ metadata, target = {} }: Binding, name: string): void {
  if ((metadata.name ?? name) !== name) {
    throw badRequest('name in URL does not match name in Binding object');
  }
  const { kind = '', name: node = '' } = target;
  const errors: FieldError[] = [];
  if (kind !== '' && kind !== 'Node') {
    errors.push(notSupportedInOrder('target.kind', kind, ['Node', '<empty>']));
  }
  if (node === '') errors.push(required('target.name'));
  if (errors.length > 0) throw objectInvalid(BINDINGS, name, errors);
}

/**
 * With the node, and the labels and annotations that the binding has for it. A uid or version in the binding's metadata is what the
 * pod must have.
 *
 * @throws StatusError 409
 */
export function bindPod(pod: Pod, binding: Binding, nowMs: number): Pod {
  const { metadata, spec = {}, status = {} } = pod;
  const why = whyNot(pod);
  if (why !== undefined) throw conflict(POD_BINDINGS, metadata.name ?? '', why);
  const { uid, resourceVersion, labels, annotations } = binding.metadata;
  const { nominatedNodeName: _, ...kept } = status;
  return {
    ...pod,
    metadata: {
      ...metadata,
      ...(uid ? { uid } : {}),
      ...(resourceVersion ? { resourceVersion } : {}),
      ...(labels === undefined ? {} : { labels: { ...metadata.labels, ...labels } }),
      ...(annotations === undefined ? {} : { annotations: { ...metadata.annotations, ...annotations } }),
    },
    spec: { ...spec, nodeName: binding.target?.name ?? '' },
    status: { ...kept, conditions: withScheduled(status.conditions ?? [], nowMs) },
  };
}

function whyNot({ metadata, spec = {} }: Pod): string | undefined {
  const { name = '' } = metadata;
  if (metadata.deletionTimestamp !== undefined) {
    return `pod ${name} is being deleted, cannot be assigned to a host`;
  }
  if (spec.nodeName) return `pod ${name} is already assigned to node ${JSON.stringify(spec.nodeName)}`;
  return (spec.schedulingGates ?? []).length > 0
    ? `pod ${name} has non-empty .spec.schedulingGates`
    : undefined;
}

function withScheduled(conditions: readonly Condition[], nowMs: number): readonly Condition[] {
  const lastTransitionTime = formatTime(nowMs);
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime };
  return [...conditions.filter(({ type }) => type !== 'PodScheduled'), scheduled];
}
