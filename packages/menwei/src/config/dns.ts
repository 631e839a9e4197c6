/** The settings of the node's own DNS server. */
import { parseHostPort } from '@menwei/addresses/ip.ts';
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';
import type { DnsSettings } from './settings.ts';

/** Undefined: there is none, and nothing of it counts. */
export function checkDns({ dns }: Configuration, refuse: Refuse): DnsSettings | undefined {
  const { addresses, forward, zone, metricsBindAddress } = dns;
  if (addresses.length === 0) return undefined;
  for (const value of addresses) {
    if (parseHostPort(value) === undefined)
      refuse({
        field: 'dns.addresses',
        value,
        allowed: 'must be an address and port such as 169.254.20.10:53',
      });
  }
  return { addresses, forward, zone, metricsBindAddress };
}
