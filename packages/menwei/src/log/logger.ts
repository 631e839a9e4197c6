/** What the program says while it runs. */
export interface Logger {
  /** The verbosity that `-v` asked for, as Kubernetes' components count it. */
  readonly verbosity: number;
  /**
   * A detail, for who asked for this verbosity or a higher one. 2: what changed about Services and endpoints; 4: each sync and
   * what it changed, and what matters to somebody who debugs.
   */
  verbose(verbosity: number, fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Never secrets. */
export interface LogFields {
  /** What went wrong, an error or words: the name that Kubernetes' components give it. */
  readonly err?: unknown;
  readonly error?: never;
  readonly [name: string]: unknown;
}

export const silentLogger: Logger = {
  verbosity: 0,
  verbose: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
