/** Network namespaces on one segment: cables between them, and a bridge where there are more than two. */
import { spawn, spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { CLONE_NEWNET, setns, unshare } from '@menwei/netlink/native';

/** Runs what is synchronous, or started, in the namespace; what it opens stays there. */
export class Namespace implements Disposable {
  readonly #fd: number;

  /** A new one, with a loopback interface that is up. */
  constructor() {
    const before = openSync('/proc/thread-self/ns/net', 'r');
    try {
      unshare(CLONE_NEWNET);
      this.#fd = openSync('/proc/thread-self/ns/net', 'r');
      ip('link', 'set', 'lo', 'up');
    } finally {
      setns(before, CLONE_NEWNET);
      closeSync(before);
    }
  }

  /** As tools name it, of this process. */
  get path(): string {
    return `/proc/${process.pid}/fd/${this.#fd}`;
  }

  within<Result>(work: () => Result): Result {
    const before = openSync('/proc/thread-self/ns/net', 'r');
    setns(this.#fd, CLONE_NEWNET);
    try {
      return work();
    } finally {
      setns(before, CLONE_NEWNET);
      closeSync(before);
    }
  }

  ip(...args: readonly string[]): string {
    return this.within(() => ip(...args));
  }

  /** What a command prints on both outputs, and its exit status. */
  run(
    command: string,
    ...args: readonly string[]
  ): { readonly status: number | null; readonly output: string } {
    return this.within(() => {
      const { status, stdout, stderr } = spawnSync(command, args, { encoding: 'utf8', timeout: 20_000 });
      return { status, output: stdout + stderr };
    });
  }

  /** As {@link run}, while this process goes on. */
  start(
    command: string,
    ...args: readonly string[]
  ): Promise<{ readonly status: number | null; readonly output: string }> {
    const { promise, resolve, reject } = Promise.withResolvers<{ status: number | null; output: string }>();
    const child = this.within(() => spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] }));
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, output }));
    return promise;
  }

  /** Number of an interface there. */
  indexOf(name: string): number {
    const [link]: readonly { readonly ifindex: number }[] = JSON.parse(
      this.ip('-json', 'link', 'show', 'dev', name),
    );
    return link?.ifindex ?? 0;
  }

  /** The link-local address of an interface as soon as it is its own. */
  linkLocalOf(name: string): string | undefined {
    const found = /inet6 (fe80::[0-9a-f:]+)\/64 scope link(?! tentative)/.exec(
      this.ip('-6', 'address', 'show', 'dev', name, '-tentative'),
    );
    return found?.[1];
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}

/** In the namespace of the calling thread; returns what it prints. */
function ip(...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** One end of a cable. */
export interface CableEnd {
  readonly at: Namespace;
  readonly name: string;
  readonly mac: string;
  /** Usable at once; otherwise the kernel gives it one, and looks for others that have it before it is used. */
  readonly linkLocal?: string;
}

/** A cable between two namespaces, which carries. */
export function connect(a: CableEnd, b: CableEnd): void {
  a.at.ip(
    ...['link', 'add', a.name, 'address', a.mac, 'type', 'veth'],
    ...['peer', 'name', b.name, 'address', b.mac, 'netns', b.at.path],
  );
  for (const { at, name, linkLocal } of [a, b]) {
    if (linkLocal !== undefined) at.ip('link', 'set', name, 'addrgenmode', 'none');
    at.ip('link', 'set', name, 'up');
    if (linkLocal !== undefined) at.ip('address', 'add', `${linkLocal}/64`, 'dev', name, 'nodad');
  }
  for (const { at, name } of [a, b]) untilUp(at, name);
}

/** Until then the kernel drops what is sent, and says nothing of it. It may take a second. */
function untilUp(at: Namespace, name: string): void {
  const pause = new Int32Array(new SharedArrayBuffer(4));
  for (let time = 0; time < 1_000; time++) {
    if (at.ip('link', 'show', 'dev', name).includes(' state UP ')) return;
    Atomics.wait(pause, 0, 0, 10);
  }
  throw new Error(`${name} does not come up`);
}

/** Where all are on who are plugged in: a bridge in a namespace of its own. */
export class BridgedSegment implements Disposable {
  readonly at = new Namespace();
  #ports = 0;

  /** @param options of the bridge, as `ip link add … type bridge` takes them */
  constructor(...options: readonly string[]) {
    this.at.ip('link', 'add', 'bridge', 'type', 'bridge', 'forward_delay', '0', ...options);
    this.at.ip('link', 'set', 'bridge', 'up');
  }

  /** Returns the name of the port, by which the cable can be pulled out. */
  plug(end: CableEnd): string {
    this.#ports++;
    const name = `port${this.#ports}`;
    const mac = `02:ff:00:00:00:${this.#ports.toString(16).padStart(2, '0')}`;
    connect({ at: this.at, name, mac }, end);
    this.at.ip('link', 'set', name, 'master', 'bridge');
    return name;
  }

  [Symbol.dispose](): void {
    this.at[Symbol.dispose]();
  }
}
