/**
 * Network namespaces without names: each is held by an open file of this process and by nothing else, so the
 * kernel takes it away, with all its interfaces and rules, as soon as the process ends, however it ends.
 */
import { closeSync, openSync } from 'node:fs';
import { types } from 'node:util';
import { CLONE_NEWNET, setns, unshare } from '@menwei/netlink/native';

/** The calling thread's own entry. `/proc/self/net` and `/proc/self/ns` speak of the main thread only. */
const OWN_NAMESPACE = '/proc/thread-self/ns/net';

export interface NetworkNamespace extends Disposable {
  readonly fd: number;
  /** A path other processes can open while this process lives; `ip link set … netns PATH` takes it. */
  readonly path: string;
  /** Lets go of the namespace. It lives on while a thread or socket is in it. */
  close(): void;
}

function hold(fd: number): NetworkNamespace {
  let isOpen = true;
  const close = (): void => {
    if (!isOpen) return;
    isOpen = false;
    closeSync(fd);
  };
  return { fd, path: `/proc/${process.pid}/fd/${fd}`, close, [Symbol.dispose]: close };
}

/** The namespace the calling thread is in. */
export function currentNamespace(): NetworkNamespace {
  return hold(openSync(OWN_NAMESPACE, 'r'));
}

/** The namespace behind a path such as `/proc/1234/fd/17` or `/run/netns/name`. */
export function openNamespace(path: string): NetworkNamespace {
  return hold(openSync(path, 'r'));
}

/** A new namespace with nothing but a loopback interface that is down. Needs CAP_SYS_ADMIN. */
export function createNamespace(): NetworkNamespace {
  using before = currentNamespace();
  unshare(CLONE_NEWNET);
  try {
    return currentNamespace();
  } finally {
    setns(before.fd, CLONE_NEWNET);
  }
}

/** Moves the calling thread into the namespace, for good. */
export function enterNamespace(namespace: Pick<NetworkNamespace, 'fd'>): void {
  setns(namespace.fd, CLONE_NEWNET);
}

/**
 * Runs `action` with the calling thread inside the namespace. Child processes started and `/proc/sys/net` files
 * read meanwhile belong to it. `action` must be synchronous: sockets of `node:net` and everything that goes
 * through the thread pool are created later or elsewhere, and would miss it.
 */
export function withNamespace<T>(namespace: Pick<NetworkNamespace, 'fd'>, action: () => T): T {
  using before = currentNamespace();
  enterNamespace(namespace);
  let result: T;
  try {
    result = action();
  } finally {
    enterNamespace(before);
  }
  if (types.isPromise(result)) throw new Error('BUG: withNamespace was given an asynchronous action');
  return result;
}
