/** A change of a Service's status as a JSON patch that is taken only if nothing of it has changed meanwhile: pure. */
import { isRecord } from '../kubernetes/api-error.ts';
import type { Condition, StatusIngress } from '../kubernetes/load-balancer-objects.ts';
import { type PatchOperation, pathStep } from '../kubernetes/service-status.ts';
import type { StatusChange } from './wanted-status.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** @param object the Service as the API server has it */
export function statusPatch(object: RawObject, change: StatusChange): readonly PatchOperation[] {
  const metadata = isRecord(object.metadata) ? object.metadata : {};
  const status = isRecord(object.status) ? object.status : undefined;
  const operations: PatchOperation[] = [
    // What is said of a Service on its way out, or of another type, must have been meant for that.
    test('/metadata/deletionTimestamp', metadata.deletionTimestamp),
    test('/spec/type', isRecord(object.spec) ? object.spec.type : undefined),
    ...finalizerSteps(metadata, change),
    ...annotationSteps(metadata, change),
  ];
  const { ingress, conditions } = change;
  if (ingress === undefined && conditions === undefined) return operations;
  if (status === undefined) operations.push({ op: 'add', path: '/status', value: {} });
  if (ingress !== undefined) {
    const path = '/status/loadBalancer';
    operations.push(test(path, status?.loadBalancer));
    operations.push({
      op: 'add',
      path,
      value: ingress.length === 0 ? {} : { ingress: ingress.map(encodeIngress) },
    });
  }
  if (conditions !== undefined) {
    const path = '/status/conditions';
    operations.push(test(path, status?.conditions));
    operations.push({ op: 'add', path, value: mergeConditions(status?.conditions, conditions) });
  }
  return operations;
}

/** What is not there equals null. */
function test(path: string, value: unknown): PatchOperation {
  return { op: 'test', path, value: value ?? null };
}

function finalizerSteps(
  { finalizers }: RawObject,
  { addFinalizer, removeFinalizers = [] }: StatusChange,
): readonly PatchOperation[] {
  if (addFinalizer === undefined && removeFinalizers.length === 0) return [];
  const path = '/metadata/finalizers';
  const taken: readonly unknown[] = [addFinalizer, ...removeFinalizers];
  const others = listOf(finalizers).filter((one) => !taken.includes(one));
  const value = addFinalizer === undefined ? others : [...others, addFinalizer];
  return [test(path, finalizers), { op: 'add', path, value }];
}

function annotationSteps(
  { annotations }: RawObject,
  { annotations: changes = new Map() }: StatusChange,
): readonly PatchOperation[] {
  if (changes.size === 0) return [];
  const path = '/metadata/annotations';
  const before = isRecord(annotations) ? annotations : undefined;
  const steps: PatchOperation[] =
    before === undefined ? [test(path, annotations), { op: 'add', path, value: {} }] : [];
  for (const [name, value] of changes) {
    const place = `${path}/${pathStep(name)}`;
    const old = before?.[name];
    if (before !== undefined) steps.push(test(place, old));
    if (value !== undefined) steps.push({ op: 'add', path: place, value });
    else if (old !== undefined) steps.push({ op: 'remove', path: place });
  }
  return steps;
}

function mergeConditions(
  before: unknown,
  changes: ReadonlyMap<string, Condition | undefined>,
): readonly unknown[] {
  const left = new Map(changes);
  const kept = listOf(before).flatMap((entry) => {
    const type = isRecord(entry) && typeof entry.type === 'string' ? entry.type : '';
    if (!left.has(type)) return [entry];
    const condition = left.get(type);
    left.delete(type);
    return condition === undefined ? [] : [condition];
  });
  return [...kept, ...[...left.values()].filter((condition) => condition !== undefined)];
}

/** As `core.v1.LoadBalancerIngress`. */
export function encodeIngress({ ip, hostname, ipMode, ports }: StatusIngress): RawObject {
  return {
    ...(ip === '' ? {} : { ip }),
    ...(hostname === '' ? {} : { hostname }),
    ...(ipMode === undefined ? {} : { ipMode }),
    ...(ports.length === 0
      ? {}
      : {
          ports: ports.map(({ port, protocol, error }) => ({
            port,
            protocol,
            ...(error === '' ? {} : { error }),
          })),
        }),
  };
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
