/** What another proxy, or another mode of this one, has left in the kernel: found first, then removed. */
export interface Leftovers {
  /** Counted, for the log: `12 chains of iptables (legacy)`. */
  readonly what: string;
  /** What would remove them, in the words of the usual tools; ends with a newline. */
  readonly commands: string;
  /** What is beside it and stays for good, since other programs use it too; undefined: nothing that is known of. */
  readonly kept?: string | undefined;
  /** Throws KernelError. */
  remove(signal: AbortSignal): Promise<Removal>;
}

/** What became of leftovers that were to be removed. */
export interface Removal {
  /** What is gone, counted; undefined: nothing is as yet. */
  readonly removed: string | undefined;
  /** What stays until its connections have ended, counted; undefined: nothing does. */
  readonly draining: string | undefined;
}

/** The programs that leave such things, as `menwei run` and `kube-proxy` name their process. */
export type ProxyProgram = 'menwei' | 'kube-proxy';
