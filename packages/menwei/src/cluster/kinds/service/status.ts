/** What a load balancer's controller may write to a Service's status (cluster § 9.4). */
import { type FieldError, forbidden, notSupported, required } from '../../schema/field-error.ts';
import { ipErrors, pointNameErrors } from '../addresses.ts';
import { type Service, specOf } from './fields.ts';

type Ingress = NonNullable<NonNullable<NonNullable<Service['status']>['loadBalancer']>['ingress']>[number];

const IP_MODES = ['Proxy', 'VIP'];
const FIELD = 'status.loadBalancer.ingress';

export function serviceStatusErrors(service: Service, old: Service): readonly FieldError[] {
  const ingress = service.status?.loadBalancer?.ingress ?? [];
  if (ingress.length > 0 && specOf(service).type !== 'LoadBalancer') {
    return [forbidden(FIELD, 'may only be used when `spec.type` is "LoadBalancer"')];
  }
  const accepted = (old.status?.loadBalancer?.ingress ?? []).map(({ ip }) => ip);
  return ingress.flatMap((one, index) => {
    const field = `${FIELD}[${index}]`;
    const ofIp = one.ip && !accepted.includes(one.ip) ? ipErrors(`${field}.ip`, one.ip) : [];
    return [
      ...ofIp,
      ...modeErrors(one, `${field}.ipMode`),
      ...pointNameErrors(`${field}.hostname`, one.hostname),
    ];
  });
}

function modeErrors({ ip = '', ipMode }: Ingress, field: string): readonly FieldError[] {
  if (ipMode === undefined) return ip === '' ? [] : [required(field, 'must be specified when `ip` is set')];
  if (ip === '') return [forbidden(field, 'may not be specified when `ip` is not set')];
  return IP_MODES.includes(ipMode) ? [] : [notSupported(field, ipMode, IP_MODES)];
}
