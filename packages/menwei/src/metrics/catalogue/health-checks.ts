/** Metrics of active checks of endpoints (health § 8). */
import { counter, gauge, histogram } from '../definition.ts';

export const HEALTH_CHECKS = counter('menwei_health_checks_total', {
  labels: ['result'],
  help: 'Checks of endpoints by their result: ok, refused, timeout, reset, wrong-answer, or local-error, which counts for nothing.',
});

export const HEALTH_CHECK_DURATION = histogram('menwei_health_check_seconds', {
  buckets: [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
  help: 'Duration of checks of endpoints that were answered.',
});

export const HEALTH_TRANSITIONS = counter('menwei_health_transitions_total', {
  labels: ['to'],
  help: 'Times that the state of an endpoint changed by checks, by the new state.',
});

export const HEALTH_RATE_LIMITED = counter('menwei_health_rate_limited_total', {
  help: 'Checks of endpoints that had to wait, so that there are no more in a second than --health-check-rate says.',
});

export const HEALTH_STRETCH = gauge('menwei_health_interval_stretch', {
  help: 'By how much the intervals of checks are stretched to keep --health-check-rate; 1: not at all.',
});

export const HEALTH_FROZEN = gauge('menwei_health_frozen', {
  help: 'Whether no endpoint is ejected now, 1, because more than half of those on other nodes fail together.',
});
