/** What shapes the rules beside Services and the node. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AnsweredVIPs } from '../../services/answered-vips.ts';

export interface NftablesOptions {
  readonly family: IpFamily;
  /** The bit that says "masquerade me", as a number: bit 14 is 0x4000. */
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  /** See answeredVIPs. */
  readonly answeredVIPs: AnsweredVIPs;
}
