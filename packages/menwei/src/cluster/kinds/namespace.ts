/** Namespaces (cluster § 10.4); what their controller does is not told here. */
import { type FieldError, invalid } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import { finalizerErrors } from './metadata.ts';
import { whyNoDnsLabel } from './syntax.ts';
import { NAMESPACE_TABLE } from './tables/namespace.ts';

type Namespace = Messages['core.v1.Namespace'];

const NAME_LABEL = 'kubernetes.io/metadata.name';
const FINALIZER = 'kubernetes';

export const NAMESPACE_RULES: KindRules<Namespace> = {
  validateName: whyNoDnsLabel,
  defaults: (namespace) => ({
    ...withNameLabel(namespace),
    status: { ...namespace.status, phase: namespace.status?.phase || 'Active' },
  }),
  prepareForCreate(namespace) {
    const finalizers = namespace.spec?.finalizers ?? [];
    const all = finalizers.includes(FINALIZER) ? finalizers : [...finalizers, FINALIZER];
    return {
      ...withNameLabel(namespace),
      spec: { ...namespace.spec, finalizers: all },
      status: { phase: 'Active' },
    };
  },
  prepareForUpdate: (namespace, { spec = {}, status = {} }) => ({ ...namespace, spec, status }),
  validate({ spec }, old) {
    const finalizers = old === undefined ? (spec?.finalizers ?? []) : [];
    return finalizers.flatMap((finalizer) => finalizerErrors('spec.finalizers', finalizer));
  },
  validateStatusUpdate: ({ metadata, status }) =>
    phaseErrors(metadata.deletionTimestamp !== undefined, status?.phase),
  validateFinalize: ({ spec }) =>
    (spec?.finalizers ?? []).flatMap((finalizer, i) => finalizerErrors(`spec.finalizers[${i}]`, finalizer)),
  fieldNames: ['status.phase'],
  selectableFields: ({ status }) => ({ 'status.phase': status?.phase ?? '' }),
  table: NAMESPACE_TABLE,
};

function withNameLabel(namespace: Namespace): Namespace {
  const { metadata } = namespace;
  if (metadata.name === undefined || metadata.name === '') return namespace;
  return {
    ...namespace,
    metadata: { ...metadata, labels: { ...metadata.labels, [NAME_LABEL]: metadata.name } },
  };
}

function phaseErrors(isBeingDeleted: boolean, phase = ''): readonly FieldError[] {
  const right = isBeingDeleted ? 'Terminating' : 'Active';
  if (phase === right) return [];
  const when = isBeingDeleted ? 'is not empty' : 'is empty';
  return [invalid('status.Phase', phase, `may only be '${right}' if \`deletionTimestamp\` ${when}`)];
}
