/** The program's log: pino, as JSON or as text that reads well on a terminal. One line an event, always. */
import pino, { type DestinationStream } from 'pino';
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

/** The verbosity may be changed while the program runs. Errors among the fields are logged as their message and causes. */
export function createLogger(options: LoggerOptions): Logger & { verbosity: number } {
  const lines = options.destination ?? pino.destination({ fd: 2, sync: true });
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
    mapErrors(fields, logger.verbosity >= STACK_VERBOSITY ? formatErrorStack : formatErrorChain);
  const logger = {
    verbosity: options.verbosity,
    verbose: (verbosity: number, fields: LogFields, message: string) => {
      if (verbosity <= logger.verbosity) log.info({ v: verbosity, ...fields }, message);
    },
    info: (fields: LogFields, message: string) => log.info(fields, message),
    warn: (fields: LogFields, message: string) => log.warn(fields, message),
    error: (fields: LogFields, message: string) => log.error(fields, message),
  };
  return logger;
}

function mapErrors(fields: object, format: (error: Error) => string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? format(value) : value]),
  );
}

/** JSON leaves some characters as they are that steer a terminal. */
function formatJsonLine(line: string): string {
  return `${escapeControls(line.trimEnd())}\n`;
}
