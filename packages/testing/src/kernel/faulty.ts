/** An interface to a kernel, be it the real one, by which now and then things fail. Only tests import this folder. */
import { constants } from 'node:os';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { KernelError } from '@menwei/netlink';
import type { Faults } from './faults.ts';
import { type Call, intercepted } from './intercepted.ts';

/** Names of methods that return promises. */
type AsyncMethod<Target> = {
  [Name in keyof Target]: Target[Name] extends (...args: never) => Promise<unknown> ? Name : never;
}[keyof Target];

/** Every so many calls one takes its time. */
const TIMELY_CALLS = 2;

/** Of these methods some calls fail: before anything is done, halfway if it is a list of edits, or when all is done. */
export function faulty<Target extends object>(
  target: Target,
  faults: Faults,
  methods: readonly AsyncMethod<Target>[],
): Target {
  const names = new Set<PropertyKey>(methods);
  let calls = 0;
  const mayFail = async ({ name, args, invoke }: Call): Promise<unknown> => {
    // Others get a turn, as they do while a kernel works, and now and then timers run out.
    await (calls++ % TIMELY_CALLS === 0 ? sleep(1) : nextTurn());
    const fault = faults.next();
    const failure = new KernelError({
      operation: name,
      object: 'the kernel',
      detail: `injected fault (${fault})`,
      errno: constants.errno.ENOBUFS,
    });
    const list = args.findIndex((arg) => Array.isArray(arg) && arg.length > 1);
    if (fault === 'before' || (fault === 'halfway' && list < 0)) throw failure;
    const given = fault === 'halfway' ? args.map((arg, index) => (index === list ? half(arg) : arg)) : args;
    const result: unknown = await invoke(given);
    if (fault !== 'none') throw failure;
    return result;
  };
  return intercepted(target, (call) => (names.has(call.name) ? mayFail(call) : call.invoke()));
}

function half(list: unknown): unknown {
  return Array.isArray(list) ? list.slice(0, list.length >> 1) : list;
}

/** Makes a list of edits without some of those that may be refused, which it says were. */
export function refuseSome<Edit>(
  edits: readonly Edit[],
  faults: Faults,
  mayBeRefused: (edit: Edit) => boolean,
): { readonly made: readonly Edit[]; readonly refused: readonly { edit: Edit; error: KernelError }[] } {
  const refused = edits.filter((edit) => mayBeRefused(edit) && faults.next() !== 'none');
  const error = new KernelError({
    operation: 'edit',
    object: 'the kernel',
    detail: 'injected refusal',
    errno: constants.errno.ENOMEM,
  });
  const gone = new Set(refused);
  return { made: edits.filter((edit) => !gone.has(edit)), refused: refused.map((edit) => ({ edit, error })) };
}
