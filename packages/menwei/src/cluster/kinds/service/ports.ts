/** What the ports of a Service must be (cluster § 9.4). */
import { duplicate, type FieldError, forbidden, invalid, required } from '../../schema/field-error.ts';
import { appProtocolErrors, protocolErrors } from '../protocols.ts';
import { invalidEach, whyNoDnsLabel, whyNoPort, whyNoPortName } from '../syntax.ts';
import type { ServicePortSpec, ServiceSpec } from './fields.ts';

/** Of each port by itself, and whether their names differ. */
export function portErrors({ ports = [] }: ServiceSpec): readonly FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const field = `spec.ports[${index}]`;
    return [...nameErrors(port, field, ports.length > 1, names), ...numberErrors(port, field)];
  });
}

/** What only the ports together can have wrong; {@link portErrors} come long before these. */
export function portCollisions({ type, ports = [] }: ServiceSpec): readonly FieldError[] {
  const errors: FieldError[] = [];
  if (type === 'ClusterIP') {
    ports.forEach(({ nodePort }, index) => {
      if (nodePort) {
        errors.push(forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'"));
      }
    });
  }
  const nodePorts = new Set<string>();
  ports.forEach(({ protocol, nodePort }, index) => {
    if (!nodePort) return;
    if (nodePorts.has(`${protocol} ${nodePort}`)) {
      errors.push(duplicate(`spec.ports[${index}].nodePort`, nodePort));
    }
    nodePorts.add(`${protocol} ${nodePort}`);
  });
  const numbers = new Set<string>();
  ports.forEach(({ protocol, port = 0 }, index) => {
    if (numbers.has(`${protocol} ${port}`)) {
      errors.push(duplicate(`spec.ports[${index}]`, collisionKey(protocol, port)));
    }
    numbers.add(`${protocol} ${port}`);
  });
  return errors;
}

function nameErrors(
  { name = '' }: ServicePortSpec,
  field: string,
  isRequired: boolean,
  names: Set<string>,
): readonly FieldError[] {
  if (name === '') return isRequired ? [required(`${field}.name`)] : [];
  const errors = invalidEach(`${field}.name`, name, whyNoDnsLabel(name));
  if (names.has(name)) errors.push(duplicate(`${field}.name`, name));
  names.add(name);
  return errors;
}

function numberErrors(
  { port = 0, protocol, targetPort = 0, appProtocol }: ServicePortSpec,
  field: string,
): readonly FieldError[] {
  const errors = invalidEach(`${field}.port`, port, whyNoPort(port));
  errors.push(...protocolErrors(`${field}.protocol`, protocol));
  const why = typeof targetPort === 'number' ? whyNoPort(targetPort) : whyNoPortName(targetPort);
  errors.push(...why.map((message) => invalid(`${field}.targetPort`, targetPort, message)));
  errors.push(...appProtocolErrors(`${field}.appProtocol`, appProtocol));
  return errors;
}

/** As the reference prints it: people search for this text. */
function collisionKey(protocol: string | undefined, port: number): object {
  return { Name: '', Protocol: protocol, AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
}
