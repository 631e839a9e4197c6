/** Whether NETLINK_DEBUG is set. What decodes messages is loaded only then: the others pay nothing for it. */
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import type { Trace } from './trace.ts';

/** @param protocol NETLINK_* */
export function openTraceIfWanted(protocol: number): Trace | undefined {
  if (['', '0'].includes(process.env.NETLINK_DEBUG ?? '')) return undefined;
  const require = createRequire(import.meta.url);
  // As this file itself, before or after it is compiled. Not import(): a socket is opened without waiting for anything.
  const path = `./trace${extname(import.meta.filename)}`;
  const { openTrace }: typeof import('./trace.ts') = require(path);
  return openTrace(protocol);
}
