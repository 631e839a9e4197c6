/** What a configuration means where it says nothing and other fields decide (spec § 10.2). The rest is in the table. */
import { familyOf, formatHostPort, parseIp } from '@menwei/addresses/ip.ts';
import type { Configuration } from './configuration.ts';

const HEALTHZ_PORT = 10256;
const METRICS_PORT = 10249;

/** Fills in what depends on other fields. Nothing of the result has been checked. */
export function withDerivedDefaults(configuration: Configuration): Configuration {
  const { mode, bindAddress, nodePortAddresses } = configuration;
  const isIPv6 = familyOf(parseIp(bindAddress) ?? '') === 'IPv6';
  return {
    ...configuration,
    healthzBindAddress: appendPort(
      configuration.healthzBindAddress || (isIPv6 ? '::' : '0.0.0.0'),
      HEALTHZ_PORT,
    ),
    metricsBindAddress: appendPort(
      configuration.metricsBindAddress || (isIPv6 ? '::1' : '127.0.0.1'),
      METRICS_PORT,
    ),
    // nftables mode accepts NodePorts on the node's own addresses unless told otherwise.
    nodePortAddresses:
      mode === 'nftables' && nodePortAddresses.length === 0 ? ['primary'] : nodePortAddresses,
  };
}

/** Completes a bare IP; anything else is left for the check to judge. */
function appendPort(address: string, port: number): string {
  const ip = parseIp(address);
  return ip === undefined ? address : formatHostPort(ip, port);
}
