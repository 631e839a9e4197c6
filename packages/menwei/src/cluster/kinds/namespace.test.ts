import { expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { NAMESPACE_RULES as RULES } from './namespace.ts';

type Namespace = Messages['core.v1.Namespace'];

const LABEL = 'kubernetes.io/metadata.name';

function namespace(rest: Partial<Namespace> = {}): Namespace {
  return { kind: 'Namespace', apiVersion: 'v1', metadata: { name: 'a' }, ...rest };
}

function texts(errors: ReturnType<typeof RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

it('is made with its name as a label, the finalizer and a phase', () => {
  const given = namespace({ metadata: { name: 'a', labels: { [LABEL]: 'b' } }, status: { phase: 'Odd' } });
  expect(RULES.prepareForCreate?.(given, 0)).toMatchObject({
    metadata: { labels: { [LABEL]: 'a' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  });
  const others = namespace({ spec: { finalizers: ['x.y/z', 'kubernetes'] } });
  expect(RULES.prepareForCreate?.(others, 0).spec).toEqual(others.spec);
});

it('keeps its finalizers and status on an update, and its label', () => {
  const old = namespace({ spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } });
  const next = namespace({ spec: { finalizers: [] }, status: { phase: 'Terminating' } });
  const prepared = RULES.prepareForUpdate?.(RULES.defaults(next), old) ?? next;
  expect(prepared).toEqual({ ...old, metadata: { name: 'a', labels: { [LABEL]: 'a' } } });
});

it('takes finalizers with a domain', () => {
  const odd = namespace({ spec: { finalizers: ['kubernetes', 'x.y/z', 'nope'] } });
  const why = 'Invalid value: "nope": name is neither a standard finalizer name nor is it fully qualified';
  expect(texts(RULES.validate(odd))).toEqual([`spec.finalizers: ${why}`]);
  expect(texts(RULES.validateFinalize?.(odd, odd))).toEqual([`spec.finalizers[2]: ${why}`]);
});

it('has the phase that fits its deletion', () => {
  const deletionTimestamp = '2026-11-30T05:41:36Z';
  const terminating = namespace({ status: { phase: 'Terminating' } });
  expect(texts(RULES.validateStatusUpdate?.(terminating, terminating))).toEqual([
    'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
  ]);
  const active = namespace({ metadata: { deletionTimestamp }, status: { phase: 'Active' } });
  expect(texts(RULES.validateStatusUpdate?.(active, active))).toEqual([
    'status.Phase: Invalid value: "Active": may only be \'Terminating\' if `deletionTimestamp` is not empty',
  ]);
});
