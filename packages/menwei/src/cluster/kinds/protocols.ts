/** Protocols of ports, wherever an object has some. */
import { type FieldError, notSupported, required } from '../schema/field-error.ts';
import { invalidEach, whyNoLabelKey } from './syntax.ts';

const PROTOCOLS: readonly string[] = ['SCTP', 'TCP', 'UDP'];

export function protocolErrors(field: string, protocol: string | undefined): readonly FieldError[] {
  if (protocol === undefined || protocol === '') return [required(field)];
  return PROTOCOLS.includes(protocol) ? [] : [notSupported(field, protocol, PROTOCOLS)];
}

export function appProtocolErrors(field: string, appProtocol: string | undefined): readonly FieldError[] {
  return appProtocol === undefined ? [] : invalidEach(field, appProtocol, whyNoLabelKey(appProtocol));
}
