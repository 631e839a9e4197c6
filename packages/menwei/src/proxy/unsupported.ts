/** What a mode can't do: no mistake of the program and no failure of the kernel, and nothing that trying again would mend. */
import type { AnyRules } from '../backends/backend.ts';
import type { Problem } from '../kubernetes/objects.ts';
import type { ServicePort } from '../state/service-port.ts';

/** As a problem of the Service; undefined: the mode can do it. */
export function findUnsupported(
  rules: Pick<AnyRules, 'unsupported'>,
  port: ServicePort,
): Problem | undefined {
  const reason = rules.unsupported?.(port);
  return reason === undefined ? undefined : problemOf(port, reason);
}

/** What is wrong with one port of a Service. */
export function problemOf(port: ServicePort, reason: string): Problem {
  const { namespace, name } = port;
  const which = `port ${port.port}/${port.protocol}`;
  return { object: { kind: 'Service', namespace, name }, field: '', message: `${which}: ${reason}` };
}
