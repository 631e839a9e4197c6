/** A door to a kernel, be it the real one, through which now and then things fail. Only tests import this folder. */
import { constants } from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { KernelError } from '../kernel-error.ts';
import type { Faults } from './faults.ts';

/** Names of methods that return promises. */
type AsyncMethod<Door> = {
  [Name in keyof Door]: Door[Name] extends (...args: never) => Promise<unknown> ? Name : never;
}[keyof Door];

/** Of these methods some calls fail: before anything is done, halfway if it is a list of edits, or when all is done. */
export function faulty<Door extends object>(
  door: Door,
  faults: Faults,
  methods: readonly AsyncMethod<Door>[],
): Door {
  const names = new Set<PropertyKey>(methods);
  return new Proxy(door, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (!names.has(name)) return member.bind(target);
      return async (...args: readonly unknown[]) => {
        // Others get a turn, as they do while a kernel works.
        await nextTurn();
        const fault = faults.next();
        const failure = new KernelError({
          operation: String(name),
          object: 'the kernel',
          detail: `injected fault (${fault})`,
          errno: constants.errno.ENOBUFS,
        });
        const list = args.findIndex((arg) => Array.isArray(arg) && arg.length > 1);
        if (fault === 'before' || (fault === 'halfway' && list < 0)) throw failure;
        const given =
          fault === 'halfway' ? args.map((arg, index) => (index === list ? half(arg) : arg)) : args;
        const result: unknown = await member.apply(target, given);
        if (fault !== 'none') throw failure;
        return result;
      };
    },
  });
}

function half(list: unknown): unknown {
  return Array.isArray(list) ? list.slice(0, list.length >> 1) : list;
}

/** Makes a list of edits without some of them, which it says were refused. */
export function refuseSome<Edit>(
  edits: readonly Edit[],
  faults: Faults,
): { readonly made: readonly Edit[]; readonly refused: readonly { edit: Edit; error: KernelError }[] } {
  const refused = edits.filter(() => faults.next() !== 'none');
  const error = new KernelError({
    operation: 'edit',
    object: 'the kernel',
    detail: 'injected refusal',
    errno: constants.errno.ENOMEM,
  });
  const gone = new Set(refused);
  return { made: edits.filter((edit) => !gone.has(edit)), refused: refused.map((edit) => ({ edit, error })) };
}
