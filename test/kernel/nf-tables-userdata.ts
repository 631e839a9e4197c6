/** What nft keeps for itself with everything in a family's tables, in bytes as it is. */
import { decodeAttributes, forEachAttribute, type NetlinkConnection } from '@menwei/netlink';
import {
  NFT_MSG,
  NFTA_CHAIN,
  NFTA_RULE,
  NFTA_SET,
  NFTA_SET_ELEM,
  NFTA_SET_ELEM_LIST,
  NFTA_TABLE,
  type TableFamily,
} from '@menwei/netlink/nftables';
import { decodeBody, encodeElementsHeader, encodeHeader } from '@menwei/netlink/nftables/codec';

const KINDS = [
  ['table', NFT_MSG.GETTABLE, NFTA_TABLE.NAME, NFTA_TABLE.USERDATA],
  ['chain', NFT_MSG.GETCHAIN, NFTA_CHAIN.NAME, NFTA_CHAIN.USERDATA],
  ['rule in', NFT_MSG.GETRULE, NFTA_RULE.CHAIN, NFTA_RULE.USERDATA],
  ['set', NFT_MSG.GETSET, NFTA_SET.NAME, NFTA_SET.USERDATA],
] as const;

/** One line for each thing that has any, in order of the alphabet. */
export async function observeUserdata(
  connection: NetlinkConnection,
  family: TableFamily,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const [kind, type, nameType, userdataType] of KINDS) {
    for (const payload of await dump(connection, family, type)) {
      const attributes = decodeBody(payload);
      const name = text(attributes.get(nameType));
      lines.push(`${kind} ${name} ${hex(attributes.get(userdataType))}`);
      if (kind === 'set') lines.push(...(await elementLines(connection, family, name)));
    }
  }
  return lines.filter((line) => !line.endsWith(' ')).toSorted();
}

async function elementLines(
  connection: NetlinkConnection,
  family: TableFamily,
  set: string,
): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const payload of await dump(connection, family, NFT_MSG.GETSETELEM, set)) {
    const list = decodeBody(payload).get(NFTA_SET_ELEM_LIST.ELEMENTS) ?? new Uint8Array();
    forEachAttribute(list, 0, list.length, (_, from, to) => {
      const element = decodeAttributes(list.subarray(from, to));
      lines.push(
        `element of ${set} ${hex(element.get(NFTA_SET_ELEM.KEY))} ${hex(element.get(NFTA_SET_ELEM.USERDATA))}`,
      );
    });
  }
  return lines;
}

function dump(
  connection: NetlinkConnection,
  family: TableFamily,
  type: number,
  set?: string,
): Promise<readonly Uint8Array[]> {
  return connection.dump(
    {
      operation: 'list',
      object: 'userdata',
      type,
      write(writer) {
        encodeHeader(writer, family);
        if (set !== undefined) encodeElementsHeader(writer, 'menwei', set);
      },
    },
    () => {
      const payloads: Uint8Array[] = [];
      return { read: ({ payload }) => void payloads.push(payload.slice()), result: () => payloads };
    },
  );
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString('hex');
}

function text(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? [])
    .toString()
    .replace('\0', '');
}
