import type { Messages } from '../../schema/messages.ts';
import { formatAge } from '../age.ts';
import type { TableRules } from '../kind-rules.ts';
import { annotationOf } from '../metadata.ts';
import { columns, NONE } from './columns.ts';

type IngressClass = Messages['networking.v1.IngressClass'];

const DEFAULT_ANNOTATION = 'ingressclass.kubernetes.io/is-default-class';

export const INGRESS_CLASS_TABLE: TableRules<IngressClass> = {
  columns: columns('Name', 'Controller', 'Parameters', 'Age'),
  row({ metadata, spec = {} }, nowMs) {
    const name = metadata.name ?? '';
    const isDefault = annotationOf(metadata, DEFAULT_ANNOTATION) === 'true';
    return {
      cells: [
        isDefault ? `${name} (default)` : name,
        spec.controller ?? '',
        formatParameters(spec.parameters),
        formatAge(metadata.creationTimestamp, nowMs),
      ],
    };
  },
};

function formatParameters(
  parameters: Messages['networking.v1.IngressClassParametersReference'] | undefined,
): string {
  if (parameters === undefined) return NONE;
  const { kind = '', apiGroup, name = '' } = parameters;
  return `${apiGroup === undefined ? kind : `${kind}.${apiGroup}`}/${name}`;
}
