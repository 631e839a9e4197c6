/** The program's log: pino, as JSON or as text that reads well on a terminal. One line an event, always. */
import pino, { type DestinationStream } from 'pino';
import { formatErrorChain, formatErrorStack } from './error-text.ts';
import type { Logger } from './logger.ts';
import { formatTextLine } from './text-line.ts';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

interface LoggerOptions {
  readonly format: 'text' | 'json';
  /** The least important level that is logged. */
  readonly level: LogLevel;
  /** Takes whole lines; standard error, written at once, unless given. */
  readonly destination?: DestinationStream;
}

/** Errors among the fields are logged as their message and causes, their stack only at level debug. */
export function createLogger({ format, level, destination }: LoggerOptions): Logger {
  const lines = destination ?? pino.destination({ fd: 2, sync: true });
  const formatError = level === 'debug' ? formatErrorStack : formatErrorChain;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (fields) =>
          Object.fromEntries(
            Object.entries(fields).map(([key, value]) => [
              key,
              value instanceof Error ? formatError(value) : value,
            ]),
          ),
      },
    },
    format === 'json' ? lines : { write: (line) => lines.write(formatTextLine(line)) },
  );
}
