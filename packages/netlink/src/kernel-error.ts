import { constants } from 'node:os';

const { EAGAIN, EBUSY, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ETIMEDOUT } = constants.errno;
const PASSING: ReadonlySet<number> = new Set([
  ...[EAGAIN, EBUSY, EINTR, EMFILE, ENFILE, ENOBUFS, ENOMEM, ETIMEDOUT],
]);

/** What is known about a failed kernel operation, beside its cause. */
export interface KernelFailure {
  /** What was tried, in a word or two: `unshare`, `iptables-restore`, `add route`. */
  readonly operation: string;
  /** What it was tried on: a table, an interface, a file, a Service port; empty when there is no better name. */
  readonly object: string;
  /** The kernel's or the tool's own words. */
  readonly detail: string;
  /** The error number where the kernel gave one. */
  readonly errno?: number | undefined;
  /** Another try may succeed with nothing changed; told from the error number if not given. */
  readonly mayPass?: boolean | undefined;
  readonly cause?: unknown;
}

/** The one error for "the kernel (or the tool that speaks to it) refused". */
export class KernelError extends Error {
  readonly operation: string;
  readonly object: string;
  readonly detail: string;
  readonly errno: number | undefined;
  readonly mayPass: boolean;

  constructor(failure: KernelFailure) {
    const subject = failure.object === '' ? failure.operation : `${failure.operation} ${failure.object}`;
    super(
      `${subject}: ${failure.detail}`,
      failure.cause === undefined ? undefined : { cause: failure.cause },
    );
    this.name = 'KernelError';
    this.operation = failure.operation;
    this.object = failure.object;
    this.detail = failure.detail;
    this.errno = failure.errno;
    this.mayPass = failure.mayPass ?? (failure.errno !== undefined && PASSING.has(failure.errno));
  }
}
