import type { V1ServiceCIDR, V1ServiceCIDRSpec } from '@kubernetes/client-node';
import { parseCidr } from '@menwei/addresses/ip.ts';
import { openObject } from './decode-metadata.ts';
import type { Decoded } from './decode-reader.ts';
import { show } from './decode-text.ts';
import type { ServiceCIDR } from './objects.ts';

/** A networking.k8s.io/v1 ServiceCIDR (spec § 1.1). A range that can't be read costs just itself. */
export function decodeServiceCIDR(value: unknown): Decoded<ServiceCIDR> {
  const { reader, raw } = openObject<V1ServiceCIDR>('ServiceCIDR', value);
  const spec = reader.fields<V1ServiceCIDRSpec>('spec', raw.spec);
  const cidrs: string[] = [];
  reader.eachText('spec.cidrs', spec.cidrs, (text, field) => {
    const cidr = parseCidr(text);
    if (cidr !== undefined) cidrs.push(cidr.text);
    else reader.ignore(field, `${show(text)} is not a CIDR`);
  });
  return reader.finish(() => ({ kind: 'ServiceCIDR', namespace: '', name: reader.ref.name, cidrs }));
}
