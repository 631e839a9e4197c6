/** Removes the taint that keeps pods away from a node whose Services don't work yet (`--taint-until-ready`). */
import type { NodeTaint } from '../config/settings.ts';
import type { ApiClient } from '../kubernetes/api-client.ts';
import { ApiError } from '../kubernetes/api-error.ts';
import { removeTaint } from '../kubernetes/node-taint.ts';
import type { Logger } from '../log/logger.ts';
import { pause, untilAborted } from '../scheduling/pause.ts';
import { type RetryTiming, retryDelayMs } from '../scheduling/retry.ts';
import type { Component } from './component.ts';

const RETRY: RetryTiming = { maxMs: 5 * 60_000 };
/** Who lacks a right may be given it. */
const FORBIDDEN_MS = 10 * 60_000;

interface NodeTaintOptions {
  readonly taint: NodeTaint;
  readonly nodeName: string;
  /** Rejects with ConnectionConfigError. */
  readonly openClient: () => Promise<ApiClient>;
  /** The proxies of all families that are served: they are ready after their first sync. */
  readonly needs: readonly string[];
  readonly logger: Logger;
  readonly retry?: RetryTiming;
}

export function nodeTaintComponent({ needs, ...options }: NodeTaintOptions): Component {
  let isDone = false;
  return {
    name: 'node-taint',
    needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      ready();
      if (!isDone) await removeUntilDone(options, signal);
      if (signal.aborted) return;
      isDone = true;
      await untilAborted(signal);
    },
  };
}

async function removeUntilDone(
  { taint, nodeName, openClient, logger, retry = RETRY }: Omit<NodeTaintOptions, 'needs'>,
  signal: AbortSignal,
): Promise<void> {
  const client = await openClient();
  const fields = { node: nodeName, taint: formatTaint(taint) };
  let told = '';
  try {
    for (let failures = 0; !signal.aborted; ) {
      try {
        const outcome = await removeTaint(client, nodeName, taint, signal);
        logger.info(
          fields,
          outcome === 'removed' ? 'Services work; removed the taint' : 'node has no such taint',
        );
        return;
      } catch (error) {
        if (signal.aborted) return;
        if (!(error instanceof ApiError)) throw error;
        if (error.message !== told) logger.warn({ ...fields, err: error }, describeTrouble(error));
        told = error.message;
        failures++;
        const leastMs = error.failure === 'forbidden' ? FORBIDDEN_MS : error.retryAfterMs;
        await pause(Math.max(leastMs, retryDelayMs(failures, retry, Math.random)), signal);
      }
    }
  } finally {
    await client.close();
  }
}

function describeTrouble({ failure }: ApiError): string {
  return failure === 'forbidden'
    ? 'taint stays: not allowed to get or patch the Node; its role needs the verbs get and patch on nodes'
    : 'taint could not be removed yet; retrying';
}

function formatTaint({ key, effect }: NodeTaint): string {
  return effect === undefined ? key : `${key}:${effect}`;
}
