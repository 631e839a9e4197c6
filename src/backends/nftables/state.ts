/** What the kernel holds, or must hold: the table, a part of it that is compared with the same part, or nothing. */
import type { TableContent } from '../../kernel/netlink/nf-tables/model.ts';

export type NftablesState = TableContent | undefined;
