/** The settings of announcing load-balancer addresses (load-balancer §§ 5.2 and 5.7). */
import { isDnsLabel } from '../kubernetes/decode-names.ts';
import { bounds } from './bounds.ts';
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';
import { formatDuration } from './duration.ts';
import type { AnnounceSettings, ProxyMode } from './settings.ts';

const PROTOCOLS = ['l2'];
const DEFAULT_CLASSES = ['menwei.dev/l2'];
const MIN_RENEW_MS = 1_000;
const MIN_DURATION_MS = 3_000;
const MAX_GRACE_MS = 120_000;

/** Undefined: nothing is announced, and nothing of it counts. */
export function checkAnnounce(
  { announce, ipvs }: Configuration,
  mode: ProxyMode,
  refuse: Refuse,
): AnnounceSettings | undefined {
  const { protocols, leaseRenew, leaseDuration, refresh, restartGrace, heartbeatPort } = announce;
  if (protocols.length === 0) return undefined;
  const refuseField = (name: keyof typeof announce, value: unknown, allowed: string) =>
    refuse({ field: `announce.${name}`, value, allowed });
  for (const protocol of protocols) {
    if (!PROTOCOLS.includes(protocol)) refuseField('protocols', protocol, `must be ${PROTOCOLS.join(', ')}`);
  }
  // The kernel would answer on every node for the addresses that ipvs mode puts on an interface.
  if (mode === 'ipvs' && !ipvs.strictARP) {
    const allowed = 'needs --ipvs-strict-arp in ipvs mode: every node would answer ARP for the addresses';
    refuseField('protocols', protocols.join(','), allowed);
  }
  if (!isDnsLabel(announce.namespace)) {
    refuseField('namespace', announce.namespace, 'must be the name of a namespace');
  }
  const atLeast = (name: 'leaseRenew' | 'leaseDuration' | 'refresh', leastMs: number) => {
    if (announce[name] < leastMs)
      refuseField(name, formatDuration(announce[name]), `must be at least ${formatDuration(leastMs)}`);
  };
  atLeast('leaseRenew', MIN_RENEW_MS);
  atLeast('leaseDuration', MIN_DURATION_MS);
  atLeast('refresh', 1_000);
  if (leaseRenew > leaseDuration / 2) {
    const allowed = `must be at most half of announce.leaseDuration, ${formatDuration(leaseDuration)}`;
    refuseField('leaseRenew', formatDuration(leaseRenew), allowed);
  }
  if (restartGrace < 0 || restartGrace > MAX_GRACE_MS) {
    refuseField(
      'restartGrace',
      formatDuration(restartGrace),
      `must be within 0s and ${formatDuration(MAX_GRACE_MS)}`,
    );
  }
  bounds(refuse).within('announce.heartbeatPort', heartbeatPort, 1, 65_535);
  if (announce.heartbeat && announce.heartbeatKeyFile === '') {
    refuseField(
      'heartbeat',
      true,
      'needs --announce-heartbeat-key-file: heartbeats without a key could be anybody’s',
    );
  }
  const classes = announce.loadBalancerClasses;
  return {
    namespace: announce.namespace,
    loadBalancerClasses: new Set(classes.length === 0 ? DEFAULT_CLASSES : classes),
    configuration: announce.configuration,
    leaseRenewMs: leaseRenew,
    leaseDurationMs: leaseDuration,
    refreshMs: refresh,
    restartGraceMs: restartGrace,
    withoutEndpoints: announce.withoutEndpoints,
    ignoresExcludeLabel: announce.ignoreExcludeLabel,
    heartbeat: announce.heartbeat ? { keyFile: announce.heartbeatKeyFile, port: heartbeatPort } : undefined,
  };
}
