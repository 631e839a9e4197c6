import type { Settings } from '../config/settings.ts';
import type { ServiceRules } from '../services/wanted-port.ts';

/** What the settings say about all Services. */
export function serviceRules({ featureGates, healthChecks }: Settings): ServiceRules {
  return {
    ignoreExternalIPs: !featureGates.allowServiceExternalIPs,
    healthCheckByDefault: healthChecks.byDefault,
  };
}
