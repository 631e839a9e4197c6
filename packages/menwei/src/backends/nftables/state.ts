/** What the kernel holds, or must hold: the table, a part of it that is compared with the same part, or nothing. */
import type { TableContent } from '@menwei/netlink/families/nftables/model.ts';

export type NftablesState = TableContent | undefined;
