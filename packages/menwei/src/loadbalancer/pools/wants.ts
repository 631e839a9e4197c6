/** How many addresses of which families a Service is to have (load-balancer § 4.4, 5). */
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { AddressRequest } from './allocation.ts';

/** One address that a Service is to have. */
export interface Want {
  readonly family: IpFamily;
  /** Undefined: any of the family. */
  readonly address: string | undefined;
  /** It is all right without, as long as it has another one. */
  readonly isOptional: boolean;
}

/** In the order of the families; a text says what is wrong with the request. */
export function wantsOf(request: AddressRequest): readonly Want[] | string {
  const families = wantedFamilies(request);
  if (families.length === 0) return 'the Service has no IP family';
  const foreign = request.addresses.find((address) => !families.includes(familyOf(address)));
  if (foreign !== undefined) {
    return `it asks for ${foreign}, and the Service is for ${families.join(' and ')} only`;
  }
  const isOptional = request.familyPolicy === 'PreferDualStack' && families.length > 1;
  return families.flatMap((family): readonly Want[] => {
    const named = request.addresses.filter((address) => familyOf(address) === family);
    if (named.length === 0) return [{ family, address: undefined, isOptional }];
    return named.map((address) => ({ family, address, isOptional: false }));
  });
}

/** In the order of the Service; of a single stack the first alone. */
export function wantedFamilies({ families, familyPolicy }: AddressRequest): readonly IpFamily[] {
  return familyPolicy === 'SingleStack' ? families.slice(0, 1) : families;
}
