/** Why a sync has not come to its end. */
export class SyncFailure extends Error {
  override readonly name = 'SyncFailure';
  /** Try again then, and not by the usual back-off. */
  readonly retryAfterMs: number | undefined;
  /** The Service changed meanwhile: nothing to tell anybody. */
  readonly isOvertaken: boolean;

  constructor(
    message: string,
    options: { readonly retryAfterMs?: number | undefined; readonly isOvertaken?: boolean } = {},
  ) {
    super(message);
    this.retryAfterMs = options.retryAfterMs;
    this.isOvertaken = options.isOvertaken ?? false;
  }
}
