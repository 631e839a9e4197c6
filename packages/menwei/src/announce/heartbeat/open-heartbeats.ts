/** Heartbeats as the settings want them. */
import { readFile } from 'node:fs/promises';
import type { Logger } from '../../log/logger.ts';
import { runHeartbeats } from './heartbeat-socket.ts';
import type { RunHeartbeats } from './peer-heartbeats.ts';

const LEAST_KEY_BYTES = 16;

/** The key is read when they begin, and whenever they begin again. */
export function openHeartbeats(
  node: string,
  settings: { readonly keyFile: string; readonly port: number } | undefined,
  logger: Logger,
): RunHeartbeats | undefined {
  if (settings === undefined) return undefined;
  const { keyFile, port } = settings;
  return async (needs, signal) => {
    const key = await readHeartbeatKey(keyFile);
    await runHeartbeats({ ...needs, node, key, port, logger }, signal);
  };
}

/** As it is in the file, but for white space around it, which editors leave. Rejects when it is too short. */
async function readHeartbeatKey(path: string): Promise<Buffer> {
  const key = Buffer.from((await readFile(path, 'latin1')).trim(), 'latin1');
  if (key.length >= LEAST_KEY_BYTES) return key;
  throw new Error(`${path}: a key of ${key.length} bytes; heartbeats need at least ${LEAST_KEY_BYTES}`);
}
