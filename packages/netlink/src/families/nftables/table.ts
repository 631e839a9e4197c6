/** Tables in netlink attributes. All decoders throw KernelError. */
import type { Attributes } from '../../attribute.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { u32 } from './attribute-value.ts';
import { NFT_TABLE_F_DORMANT, NFTA_TABLE } from './constants.ts';
import type { Table, TableName } from './model.ts';
import { decodeComment, encodeComment } from './userdata.ts';

export function encodeTableName(writer: MessageWriter, name: string): void {
  writer.text(NFTA_TABLE.NAME, name);
}

export function encodeTable(writer: MessageWriter, { name, comment }: Table): void {
  encodeTableName(writer, name);
  // A table that was put to sleep is awake after this.
  writer.u32be(NFTA_TABLE.FLAGS, 0);
  encodeComment(writer, NFTA_TABLE.USERDATA, comment);
}

export function decodeTable({ family, name }: TableName, attributes: Attributes): Table {
  return { family, name, comment: decodeComment(attributes.get(NFTA_TABLE.USERDATA)) };
}

/** Whether none of the table's hooks is in effect (nft's `flags dormant`). */
export function decodeIsDormant(attributes: Attributes): boolean {
  return (u32(attributes, NFTA_TABLE.FLAGS) & NFT_TABLE_F_DORMANT) !== 0;
}
