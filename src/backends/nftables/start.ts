/** What the nftables mode does once, before its first sync. */
import type { IpFamily } from '../../addresses/ip.ts';
import type { Settings } from '../../config/settings.ts';
import type { NftablesOptions } from './options.ts';

/** What follows from the settings alone, without a look at the machine. */
export function nftablesOptions({ nftables }: Settings, family: IpFamily): NftablesOptions {
  const { masqueradeBit, masqueradeAll } = nftables;
  return { family, masqueradeMark: 2 ** masqueradeBit, masqueradeAll };
}
