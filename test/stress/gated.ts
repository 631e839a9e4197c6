/** The interfaces to the kernel, each behind a gate. */
import type { KernelError } from '@menwei/netlink';
import { intercepted } from '@menwei/testing/kernel/intercepted.ts';
import { dead, type Gate } from './gate.ts';

/** Operations that are over when they return. */
const SYNCHRONOUS: readonly string[] = [
  'observeGeneration',
  'observeTimeouts',
  'applyTimeouts',
  'observeInfo',
  'applyDummy',
  'removeLink',
  'hasLink',
  'indexOf',
];

/** Which argument of `apply` or `applyAddresses` is a batch of changes, of which some may be refused. */
type Batch = 0 | 1 | undefined;

/** A client of the kernel as a proxy sees it through its gate. */
export function gated<Target extends object>(target: Target, gate: Gate, batch: Batch = undefined): Target {
  return intercepted(target, ({ name, args, invoke }) => {
    if (SYNCHRONOUS.includes(name)) return passAtOnce(gate, name, invoke);
    return pass(gate, name, invoke, args, name.startsWith('apply') ? batch : undefined);
  });
}

function passAtOnce(gate: Gate, name: string, invoke: () => unknown): unknown {
  const { fate, isLast } = gate.next();
  const result = fate === 'done' || fate === 'late' || fate === 'after' ? invoke() : undefined;
  if (isLast) gate.die();
  if (fate === 'done' || fate === 'late') return result;
  throw gate.error(fate, name);
}

async function pass(
  gate: Gate,
  name: string,
  invoke: (args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  batch: Batch,
): Promise<unknown> {
  const { fate, isLast } = gate.next();
  if (isLast) {
    if (fate === 'halfway' && batch !== undefined) await invoke(firstPart(gate, args, batch));
    if (fate === 'after') await invoke(args);
    gate.die();
    throw dead();
  }
  switch (fate) {
    case 'done':
      return await answered(gate, invoke(args));
    case 'late':
      await gate.hang();
      if (gate.isDead) throw dead();
      return await answered(gate, invoke(args));
    case 'halfway':
      if (batch !== undefined) return await withRefusals(gate, name, invoke, args, batch);
      throw gate.error(fate, name);
    case 'after':
      await invoke(args);
      throw gate.error(fate, name);
    case 'before':
      throw gate.error(fate, name);
  }
}

/** The dead hear nothing. */
async function answered(gate: Gate, answer: unknown): Promise<unknown> {
  const heard = await answer;
  if (gate.isDead) throw dead();
  return heard;
}

function changesOf(args: readonly unknown[], batch: 0 | 1): readonly unknown[] {
  const changes = args[batch];
  if (!Array.isArray(changes)) throw new Error('BUG: not a batch of changes');
  return changes;
}

function firstPart(gate: Gate, args: readonly unknown[], batch: 0 | 1): readonly unknown[] {
  const changes = changesOf(args, batch);
  return args.with(batch, changes.slice(0, gate.dice.below(changes.length + 1)));
}

/** Makes all changes of a batch but one or some, which are refused. */
async function withRefusals(
  gate: Gate,
  name: string,
  invoke: (args: readonly unknown[]) => unknown,
  args: readonly unknown[],
  batch: 0 | 1,
): Promise<readonly unknown[]> {
  const changes = changesOf(args, batch);
  const unlucky = new Set(gate.dice.some(changes, Math.min(1, changes.length)).slice(0, 2));
  const answer = await invoke(
    args.with(
      batch,
      changes.filter((change) => !unlucky.has(change)),
    ),
  );
  const refused: readonly unknown[] = Array.isArray(answer) ? answer : [];
  const injected: { readonly edit: unknown; readonly error: KernelError }[] = [...unlucky].map((edit) => ({
    edit,
    error: gate.error('before', name),
  }));
  return [...refused, ...injected];
}
