/** The settings of userspace mode: those of kube-proxy 1.20 (spec § 7.3) and ours. */
import { bounds } from './bounds.ts';
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';
import type { PortRange, ProxyMode, UserspaceSettings } from './settings.ts';

/** What the kernel takes for outgoing connections unless told otherwise: nobody expects a service of a fixed port there. */
export const DEFAULT_PORT_RANGE: PortRange = { first: 32_768, last: 60_999 };
const MAX_THREADS = 64;

/** In another mode nothing is refused, since nothing of it counts. */
export function checkUserspace(
  { portRange: text, userspace }: Configuration,
  mode: ProxyMode,
  refuse: Refuse,
): UserspaceSettings {
  const portRange = parsePortRange(text);
  if (mode === 'userspace') {
    if (portRange === undefined) {
      const allowed = 'must be FIRST-LAST, FIRST+COUNT or one number, of ports within 1 and 65535';
      refuse({ field: 'portRange', value: text, allowed });
    }
    const { within, durationAboveZero, durationNotNegative } = bounds(refuse);
    within('userspace.threads', userspace.threads, 0, MAX_THREADS);
    for (const name of ['udpTimeout', 'idleTimeout', 'halfClosedTimeout'] as const)
      durationAboveZero(`userspace.${name}`, userspace[name]);
    for (const name of ['drainTimeout', 'shutdownTimeout'] as const)
      durationNotNegative(`userspace.${name}`, userspace[name]);
  }
  return {
    portRange: portRange ?? DEFAULT_PORT_RANGE,
    threads: userspace.threads,
    udpTimeoutMs: userspace.udpTimeout,
    idleTimeoutMs: userspace.idleTimeout,
    halfClosedTimeoutMs: userspace.halfClosedTimeout,
    drainTimeoutMs: userspace.drainTimeout,
    shutdownTimeoutMs: userspace.shutdownTimeout,
  };
}

/** `30000-30999`, `30000+999` (which ends at 30999) or `30000`; empty and `0-0` leave it to us. Undefined: it is none. */
export function parsePortRange(text: string): PortRange | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '0-0' || trimmed === '0') return DEFAULT_PORT_RANGE;
  const [, from, operator, to] = /^(\d{1,5})(?:([-+])(\d{1,5}))?$/.exec(trimmed) ?? [];
  if (from === undefined) return undefined;
  const first = Number(from);
  const last = to === undefined ? first : operator === '+' ? first + Number(to) : Number(to);
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : undefined;
}
