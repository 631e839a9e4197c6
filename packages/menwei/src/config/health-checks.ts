/** The settings of active checks of endpoints (health §§ 2 and 5). */
import { parseHealthCheck } from '../kubernetes/decode-health-check.ts';
import { checkInForce } from '../kubernetes/health-check.ts';
import { bounds } from './bounds.ts';
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';

const NO_FILE = 'none';
const MOST_A_SECOND = 100_000;

export function checkHealthChecks({ healthChecks }: Configuration, refuse: Refuse) {
  const { default: value, rate, endpointMetrics } = healthChecks;
  bounds(refuse).within('healthChecks.rate', rate, 1, MOST_A_SECOND);
  const wish = parseHealthCheck(value);
  if (wish !== 'none' && 'mistake' in wish)
    refuse({
      field: 'healthChecks.default',
      value,
      allowed: `must be as annotation menwei.dev/health-check: ${wish.mistake}`,
    });
  return { byDefault: checkInForce(wish, undefined), ratePerSecond: rate, endpointMetrics };
}

/** A file of its own for each node: a lab has several on one machine. Empty: none. */
export function healthStateFile(given: string, nodeName: string): string {
  if (given === NO_FILE) return '';
  return given === '' ? `/run/menwei/health-${encodeURIComponent(nodeName)}.json` : given;
}
