/** What the ipvs mode is told once, at start (spec § 6). */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { AnsweredVIPs } from '../../services/answered-vips.ts';

export interface IpvsOptions {
  readonly family: IpFamily;
  /** The bit that says "masquerade me", as a number: bit 14 is 0x4000. */
  readonly masqueradeMark: number;
  readonly masqueradeAll: boolean;
  /** See answeredVIPs. */
  readonly answeredVIPs: AnsweredVIPs;
  /** Of Services that don't name one: `rr`. */
  readonly scheduler: string;
}
