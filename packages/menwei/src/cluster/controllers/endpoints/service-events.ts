/** Events about a Service. */
import type { Regarding } from '../event-recorder.ts';
import type { ServiceFacts } from './service-facts.ts';

export function regardingService({ namespace, name, uid }: ServiceFacts): Regarding {
  return { kind: 'Service', apiVersion: 'v1', namespace, name, uid };
}
