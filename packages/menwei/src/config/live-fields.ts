/** Which fields of a configuration file take effect while the proxy runs (docs/live-configuration.md). */
import { FIELDS } from './configuration.ts';

const LIVE: ReadonlySet<string> = new Set(FIELDS.filter(({ live }) => live === true).map(({ path }) => path));
const WITHOUT_EFFECT: ReadonlySet<string> = new Set(
  FIELDS.filter(({ withoutEffect }) => withoutEffect === true).map(({ path }) => path),
);

/** Sections and fields that only some modes look at. */
const MODES_OF: Readonly<Record<string, readonly string[]>> = {
  'iptables.localhostNodePorts': ['iptables', 'userspace'],
  'iptables.masqueradeAll': ['iptables', 'ipvs', 'userspace'],
  'iptables.masqueradeBit': ['iptables', 'ipvs', 'userspace'],
  'iptables.minSyncPeriod': ['iptables', 'userspace'],
  'iptables.syncPeriod': ['iptables', 'userspace'],
  ipvs: ['ipvs'],
  nftables: ['nftables'],
  portRange: ['userspace'],
  userspace: ['userspace'],
};

/** What a change of some fields means for a proxy that runs. */
interface Consequence {
  /** They take effect at once. */
  readonly live: readonly string[];
  /** They take effect when the process is started again. */
  readonly restart: readonly string[];
  /** They mean nothing in this mode, or nothing at all. */
  readonly unused: readonly string[];
}

/**
 * @param changed paths of fields
 * @param mode the one that is configured
 */
export function judgeFields(changed: readonly string[], mode: string): Consequence {
  const isUnused = (path: string) => WITHOUT_EFFECT.has(path) || !isReadBy(path, mode);
  const used = changed.filter((path) => !isUnused(path));
  return {
    live: used.filter((path) => LIVE.has(path)),
    restart: used.filter((path) => !LIVE.has(path)),
    unused: changed.filter(isUnused),
  };
}

function isReadBy(path: string, mode: string): boolean {
  const [section = ''] = path.split('.');
  const modes = MODES_OF[path] ?? MODES_OF[section];
  return modes === undefined || modes.includes(mode);
}
