/** What a proxy says in its log, for tests that read it. */
import type { Logger } from 'menwei/log/logger.ts';

/** A logger that appends the message of every line, whatever its level, and no fields. */
export function keepMessages(log: string[]): Logger {
  const keep = (_fields: object, message: string) => void log.push(message);
  const verbose: Logger['verbose'] = (_verbosity, fields, message) => keep(fields, message);
  return { verbosity: 0, verbose, info: keep, warn: keep, error: keep };
}
