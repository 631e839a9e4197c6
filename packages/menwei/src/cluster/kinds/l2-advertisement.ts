/** L2Advertisements: which nodes answer for the addresses of which pools (load-balancer § 4.2). */
import type { Messages } from '../schema/messages.ts';
import type { KindRules } from './kind-rules.ts';
import { selectorsErrors } from './selectors.ts';
import { L2_ADVERTISEMENT_TABLE } from './tables/l2-advertisement.ts';

type Advertisement = Messages['metallb.v1beta1.L2Advertisement'];

export const L2_ADVERTISEMENT_RULES: KindRules<Advertisement> = {
  countsGeneration: true,
  defaults: (advertisement) => advertisement,
  validate: ({ spec: { ipAddressPoolSelectors, nodeSelectors, serviceSelectors } = {} }) => [
    ...selectorsErrors('spec.ipAddressPoolSelectors', ipAddressPoolSelectors),
    ...selectorsErrors('spec.nodeSelectors', nodeSelectors),
    ...selectorsErrors('spec.serviceSelectors', serviceSelectors),
  ],
  table: L2_ADVERTISEMENT_TABLE,
};
