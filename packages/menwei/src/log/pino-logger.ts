/** The program's log: pino, as JSON or as text that reads well on a terminal. One line an event, always. */
import pino, { type DestinationStream } from 'pino';
import { cutText } from './cut-text.ts';
import { formatErrorChain, formatErrorStack } from './error-text.ts';
import { escapeControls } from './escape-controls.ts';
import type { LogFields, Logger } from './logger.ts';
import { formatTextLine } from './text-line.ts';

interface LoggerOptions {
  readonly format: 'text' | 'json';
  /** `-v` */
  readonly verbosity: number;
  /** The least important level that is logged; info unless given. */
  readonly level?: 'info' | 'warn';
  /** Each line says that nothing is changed. */
  readonly dryRun?: boolean;
  /** Takes whole lines; standard error, written at once, unless given. */
  readonly destination?: DestinationStream;
}

/** From this verbosity on an error is shown with its stack. */
const STACK_VERBOSITY = 4;
const MOST_UNWRITTEN_BYTES = 64 * 1024;

/** The verbosity may be changed while the program runs. Errors among the fields are logged as their message and causes. */
export function createLogger(options: LoggerOptions): Logger & { verbosity: number } {
  const lines = options.destination ?? openDestination(2);
  const format = options.format === 'json' ? formatJsonLine : formatTextLine;
  const log = pino(
    {
      level: options.level ?? 'info',
      base: options.dryRun === true ? { dryRun: true } : null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => withErrorsAsText(fields) },
    },
    { write: (line) => lines.write(format(line)) },
  );
  const withErrorsAsText = (fields: object) =>
    readableFields(fields, logger.verbosity >= STACK_VERBOSITY ? formatErrorStack : formatErrorChain);
  const logger = {
    verbosity: options.verbosity,
    verbose: (verbosity: number, fields: LogFields, message: string) => {
      if (verbosity <= logger.verbosity) log.info({ v: verbosity, ...fields }, cutText(message));
    },
    info: (fields: LogFields, message: string) => log.info(fields, cutText(message)),
    warn: (fields: LogFields, message: string) => log.warn(fields, cutText(message)),
    error: (fields: LogFields, message: string) => log.error(fields, cutText(message)),
  };
  return logger;
}

/**
 * Lines are written at once. Where they can't be, on a full disk for one, that ends nothing: what fits into a small memory is
 * written when it can be, and the rest is lost.
 */
export function openDestination(fd: number): DestinationStream {
  const destination = pino.destination({ fd, sync: true, maxLength: MOST_UNWRITTEN_BYTES });
  destination.on('error', () => undefined);
  return destination;
}

function readableFields(fields: object, format: (error: Error) => string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const text = value instanceof Error ? format(value) : value;
      return [key, typeof text === 'string' ? cutText(text) : text];
    }),
  );
}

/** JSON leaves some characters as they are that steer a terminal. */
function formatJsonLine(line: string): string {
  return `${escapeControls(line.trimEnd())}\n`;
}
