/** What the kernel holds, or must hold: the table, a part of it that is compared with the same part, or nothing. */
import type { TableContent } from '@menwei/netlink/nftables';

export type NftablesState = TableContent | undefined;
