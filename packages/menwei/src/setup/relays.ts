/** The relays of userspace mode, as the settings and the machine have them. */
import { availableParallelism } from 'node:os';
import type { UserspaceSettings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import type { RelayLimits } from '../relay/contract.ts';
import { descriptorLimit } from '../relay/descriptor-budget.ts';
import { RelayPool } from '../relay/pool.ts';

/** More threads than this rather take time from what connections are for. */
const MAX_USUAL_THREADS = 4;

/** As long as conntrack keeps them; an answered query is over at once, and may be repeated. */
const UDP_UNANSWERED_MS = 30_000;
const UDP_ANSWERED_MS = 5_000;

/** The longest that Node's timers can wait; beyond it they wait no time at all. */
const LONGEST_MS = 2 ** 31 - 1;

/** Threads start with the first relay. Throws KernelError. */
export function openRelays(settings: UserspaceSettings, logger: Logger): RelayPool {
  const descriptors = descriptorLimit();
  const threads = settings.threads || Math.min(availableParallelism(), MAX_USUAL_THREADS);
  logger.info({ threads, descriptors }, 'userspace proxy started');
  return new RelayPool({ threads, descriptors, limits: relayLimits(settings), logger });
}

function relayLimits(settings: UserspaceSettings): RelayLimits {
  const atMost = (timeoutMs: number) => Math.min(timeoutMs, LONGEST_MS);
  const udpTimeoutMs = atMost(settings.udpTimeoutMs);
  return {
    drainMs: atMost(settings.drainTimeoutMs),
    idleMs: atMost(settings.idleTimeoutMs),
    halfClosedMs: atMost(settings.halfClosedTimeoutMs),
    udpStreamMs: udpTimeoutMs,
    udpUnansweredMs: Math.min(udpTimeoutMs, UDP_UNANSWERED_MS),
    udpAnsweredMs: Math.min(udpTimeoutMs, UDP_ANSWERED_MS),
  };
}
