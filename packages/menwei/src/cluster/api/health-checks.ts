/** `/healthz`, `/livez`, `/readyz`: text for probes, and, with `?verbose`, for people (cluster § 5.2). Pure. */

export interface HealthCheck {
  readonly name: string;
  /** Why it fails now; undefined: it does not. */
  why(): string | undefined;
}

interface HealthReport {
  readonly status: 200 | 500;
  readonly text: string;
}

export const PING: HealthCheck = { name: 'ping', why: () => undefined };

/** Anybody may ask: what is wrong is in the log, and only its name is told. */
export function reportHealth(
  probe: string,
  checks: readonly HealthCheck[],
  query: URLSearchParams,
): HealthReport {
  const excluded = query.getAll('exclude');
  const results = checks
    .filter(({ name }) => !excluded.includes(name))
    .map((check) => ({ name: check.name, isOk: check.why() === undefined }));
  const isOk = results.every((result) => result.isOk);
  if (isOk && !query.has('verbose')) return { status: 200, text: 'ok' };
  const lines = results.map((result) =>
    result.isOk ? `[+]${result.name} ok` : `[-]${result.name} failed: reason withheld`,
  );
  const end = `${probe} check ${isOk ? 'passed' : 'failed'}`;
  return { status: isOk ? 200 : 500, text: `${[...lines, end].join('\n')}\n` };
}
