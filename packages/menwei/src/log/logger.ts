/** What the rest of the program needs of a log; pino satisfies it. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

/** Never secrets. */
export interface LogFields {
  /** What went wrong, an error or words: the name that pino and Kubernetes' components give it. */
  readonly err?: unknown;
  readonly error?: never;
  readonly [name: string]: unknown;
}

export const silentLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};
