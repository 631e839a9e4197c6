/** What of a Node matters to the endpoints on it. */
import { isReady } from '../../kinds/conditions.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import { ZONE_LABEL } from './names.ts';

export interface NodeFacts {
  readonly name: string;
  /** Empty if it is not known. */
  readonly zone: string;
  /** Ready, and not of the control plane: it counts for hints in proportion to CPUs. */
  readonly countsForHints: boolean;
  /** Allocatable, in thousandths; 0 if it is not told. */
  readonly milliCpus: number;
}

const CONTROL_PLANE_LABELS = ['node-role.kubernetes.io/control-plane', 'node-role.kubernetes.io/master'];

export function nodeFactsOf({ metadata, status = {} }: StoredKinds['nodes']): NodeFacts {
  const labels = metadata.labels ?? {};
  const cpu = Object.hasOwn(status.allocatable ?? {}, 'cpu') ? status.allocatable?.cpu : undefined;
  return {
    name: metadata.name ?? '',
    zone: (Object.hasOwn(labels, ZONE_LABEL) ? labels[ZONE_LABEL] : undefined) ?? '',
    countsForHints: isReady(status) && !CONTROL_PLANE_LABELS.some((label) => Object.hasOwn(labels, label)),
    milliCpus: parseMilliCpus(cpu ?? ''),
  };
}

/** `4`, `3920m`, `1.5`: other spellings of a quantity are none that anybody uses for CPUs, and count as not told. */
function parseMilliCpus(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(m?)$/.exec(text);
  if (match === null) return 0;
  return Math.floor(Number(match[1]) * (match[2] === 'm' ? 1 : 1000));
}
