/** What of a pod may change once it is made. */
import { type FieldError, forbidden, invalid } from '../../schema/field-error.ts';
import type { Messages } from '../../schema/messages.ts';
import { isSameMessage, meaningOf } from '../equality.ts';

type PodSpec = Messages['core.v1.PodSpec'];
type Container = Messages['core.v1.Container'];
type Toleration = Messages['core.v1.Toleration'];

const CHANGEABLE = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

export function podUpdateErrors(spec: PodSpec, old: PodSpec): readonly FieldError[] {
  for (const name of ['containers', 'initContainers'] as const) {
    if ((spec[name] ?? []).length !== (old[name] ?? []).length) {
      return [forbidden(`spec.${name}`, 'pod updates may not add or remove containers')];
    }
  }
  return [
    ...deadlineErrors(spec.activeDeadlineSeconds, old.activeDeadlineSeconds),
    ...tolerationErrors(spec.tolerations ?? [], old.tolerations ?? []),
    ...gateErrors(spec, old),
    ...otherErrors(spec, old),
  ];
}

/** From none to any, or to a shorter one. */
function deadlineErrors(seconds: number | undefined, old: number | undefined): readonly FieldError[] {
  const field = 'spec.activeDeadlineSeconds';
  if (old === undefined) return [];
  if (seconds === undefined) {
    return [invalid(field, undefined, 'must not update from a positive integer to nil value')];
  }
  return seconds > old ? [invalid(field, seconds, 'must be less than or equal to previous value')] : [];
}

function tolerationErrors(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
): readonly FieldError[] {
  const kept = new Set(tolerations.map(meaningOfToleration));
  if (old.every((toleration) => kept.has(meaningOfToleration(toleration)))) return [];
  const why = 'existing toleration can not be modified except its tolerationSeconds';
  return [forbidden('spec.tolerations', why)];
}

/** But for its seconds. */
function meaningOfToleration({ tolerationSeconds: _, ...toleration }: Toleration): string {
  return meaningOf('core.v1.Toleration', toleration);
}

function gateErrors({ schedulingGates = [] }: PodSpec, old: PodSpec): readonly FieldError[] {
  const oldNames = new Set((old.schedulingGates ?? []).map(({ name }) => name));
  return schedulingGates.flatMap(({ name = '' }, i) => {
    const why = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return oldNames.has(name) ? [] : [forbidden(`spec.schedulingGates[${i}].name`, why)];
  });
}

function otherErrors(spec: PodSpec, old: PodSpec): readonly FieldError[] {
  const settled = settle(spec, old);
  if (isSameMessage('core.v1.PodSpec', settled, old)) return [];
  const names = new Set([...Object.keys(settled), ...Object.keys(old)]);
  const changed = [...names].filter((name) => {
    const [now, before] = [{ [name]: Reflect.get(settled, name) }, { [name]: Reflect.get(old, name) }];
    return !isSameMessage('core.v1.PodSpec', now, before);
  });
  const why = `pod updates may not change fields other than ${CHANGEABLE}`;
  // The reference prints a diff of its memory here.
  return [forbidden('spec', `${why}\nchanged: ${changed.map((name) => `spec.${name}`).join(', ')}`)];
}

/** With the old value wherever another one is allowed. */
function settle(spec: PodSpec, old: PodSpec): PodSpec {
  const { activeDeadlineSeconds: _, tolerations: __, schedulingGates: ___, ...others } = spec;
  const { activeDeadlineSeconds, tolerations, schedulingGates } = old;
  const oldGrace = old.terminationGracePeriodSeconds ?? 0;
  const isGraceMended = oldGrace < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    ...others,
    containers: withImages(spec.containers ?? [], old.containers ?? []),
    ...(spec.initContainers === undefined
      ? {}
      : { initContainers: withImages(spec.initContainers, old.initContainers ?? []) }),
    ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
    ...(tolerations === undefined ? {} : { tolerations }),
    ...(schedulingGates === undefined ? {} : { schedulingGates }),
    ...(isGraceMended ? { terminationGracePeriodSeconds: oldGrace } : {}),
  };
}

function withImages(containers: readonly Container[], old: readonly Container[]): readonly Container[] {
  return containers.map(({ image: _, ...container }, i) => {
    const image = old[i]?.image;
    return image === undefined ? container : { ...container, image };
  });
}
