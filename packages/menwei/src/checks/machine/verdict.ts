/** How one result changes what is thought of an endpoint (health § 3). Pure. */
import { type HealthState, isEjected } from '../../state/endpoint-health.ts';

export interface Verdict {
  readonly state: HealthState;
  /** Failures in a row while it is used, successes in a row while it is not. */
  readonly streak: number;
}

export interface Rules {
  readonly fall: number;
  readonly rise: number;
  /** Of its Service no check has ever succeeded: the check may be at fault, and says nothing. */
  readonly isUnproven: boolean;
  /** It may go out of use now; what may not keeps its failures, and goes with a later one. */
  readonly mayFall: boolean;
}

export const UNKNOWN: Verdict = { state: 'unknown', streak: 0 };
const UP: Verdict = { state: 'up', streak: 0 };
const DOWN: Verdict = { state: 'down', streak: 0 };

export function nextVerdict({ state, streak }: Verdict, isOk: boolean, rules: Rules): Verdict {
  const isUsed = !isEjected(state);
  if (isOk) {
    if (isUsed || streak + 1 >= rules.rise) return UP;
    return { state: 'recovering', streak: streak + 1 };
  }
  if (!isUsed) return DOWN;
  const failures = streak + 1;
  if (rules.isUnproven) return { state, streak: failures };
  return failures >= rules.fall && rules.mayFall ? DOWN : { state: 'failing', streak: failures };
}
