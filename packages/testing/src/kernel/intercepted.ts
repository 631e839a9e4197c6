/** An interface to a kernel, fake or real, with somebody standing in it. */

/** A call on its way. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
  /** Does it, with other arguments if there are any. */
  readonly invoke: (args?: readonly unknown[]) => unknown;
}

/** Every call goes by `around`, which may change it, hold it up or refuse it; what that returns is the answer. */
export function intercepted<Target extends object>(target: Target, around: (call: Call) => unknown): Target {
  return new Proxy(target, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      if (typeof name === 'symbol') return member.bind(target);
      return (...args: readonly unknown[]) =>
        around({ name, args, invoke: (given = args) => Reflect.apply(member, target, given) });
    },
  });
}

/** All of the interface, but for some of its methods. */
export function overriding<Target extends object>(target: Target, methods: Partial<Target>): Target {
  return intercepted(target, ({ name, args, invoke }) => {
    const method: unknown = Reflect.get(methods, name);
    return typeof method === 'function' ? Reflect.apply(method, methods, args) : invoke();
  });
}
