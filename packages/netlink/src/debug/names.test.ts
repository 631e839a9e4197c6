/** Whatever this library sends, the debug switch has names for. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeListing } from '../families/conntrack/message.ts';
import { IPSET_CMD } from '../families/ipset/constants.ts';
import { encodeCreation, encodeSizesRequest } from '../families/ipset/message.ts';
import { encodeEdit } from '../families/ipvs/encoder.ts';
import { IPVS_MESSAGES } from '../families/ipvs/schema.ts';
import type { Transaction } from '../families/nftables/model.ts';
import { encodeTransaction } from '../families/nftables/transaction.ts';
import { encodeDummy, encodeLinkQuestion } from '../families/route/message.ts';
import { MessageWriter } from '../message-writer.ts';
import { destination, server } from '../testing/ipvs-arbitraries.ts';
import { chain, expression, setWithElements } from '../testing/nftables-arbitraries.ts';
import { NETLINK_NETFILTER, NETLINK_ROUTE } from '../transport.ts';
import { formatDatagram } from './format.ts';
import type { SchemaOf } from './schema.ts';
import { schemasOf } from './trace.ts';

const TABLE = { family: 'ip', name: 'menwei', comment: 'a comment' } as const;
const NAMELESS = /^ *(?:attribute \d+|malformed)|^-> type \d/m;

function bytesOf(transaction: Transaction): Uint8Array {
  const steps = encodeTransaction(TABLE, transaction, 1, 7);
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value.bytes;
  }
}

function message(type: number, write: (writer: MessageWriter) => void): Uint8Array {
  const writer = new MessageWriter();
  const start = writer.beginMessage(type, 0, 1);
  write(writer);
  writer.endMessage(start);
  return writer.bytes();
}

function expectNames(datagram: Uint8Array, schemaOf: SchemaOf): void {
  expect(formatDatagram(datagram, 'sent', schemaOf)).not.toMatch(NAMELESS);
}

describe('there are names for', () => {
  it('transactions of nf_tables', () => {
    const schemaOf = schemasOf(NETLINK_NETFILTER);
    fc.assert(
      fc.property(chain, setWithElements, expression, (each, [set, elements], one) => {
        const rule = { expressions: [one], comment: 'a comment' };
        const adding = [
          { do: 'add table', table: TABLE },
          { do: 'add chain', chain: each },
          { do: 'add rule', chain: each.name, rule },
        ] as const;
        const filling = [
          { do: 'add set', set },
          { do: 'add elements', set, elements },
          { do: 'delete elements', set, elements },
          { do: 'flush chain', chain: each.name },
          { do: 'delete set', set: set.name },
          { do: 'delete table' },
        ] as const;
        expectNames(bytesOf(adding), schemaOf);
        expectNames(bytesOf(filling), schemaOf);
      }),
    );
  });

  it('edits of IPVS', () => {
    const schemaOf: SchemaOf = (_, [command = 0]) => IPVS_MESSAGES.get(command);
    fc.assert(
      fc.property(server, destination, (one, [frontend, target]) => {
        const writer = new MessageWriter();
        encodeEdit(writer, 31, 1, { change: 'add-server', server: one });
        encodeEdit(writer, 31, 2, { change: 'set-destination', frontend, destination: target });
        encodeEdit(writer, 31, 3, { change: 'remove-server', frontend });
        expectNames(writer.bytes(), schemaOf);
      }),
    );
  });

  it.each<[string, number, number, (writer: MessageWriter) => void]>([
    [
      'a new IP set',
      NETLINK_NETFILTER,
      IPSET_CMD.CREATE,
      (writer) =>
        encodeCreation(writer, { name: 's', type: 'hash:ip,port', family: 'IPv6', maxEntries: 9 }, 5),
    ],
    [
      'a new bitmap',
      NETLINK_NETFILTER,
      IPSET_CMD.CREATE,
      (writer) =>
        encodeCreation(writer, { name: 's', type: 'bitmap:port', family: 'IPv4', maxEntries: 65536 }, 3),
    ],
    ['the sizes of IP sets', NETLINK_NETFILTER, IPSET_CMD.LIST, encodeSizesRequest],
    [
      'a list of conntrack entries',
      NETLINK_NETFILTER,
      0x101,
      (writer) =>
        encodeListing(writer, 'IPv6', { protocol: 'UDP', replySource: { ip: 'fd00::1', port: 53 } }),
    ],
    ['a new interface', NETLINK_ROUTE, 16, (writer) => encodeDummy(writer, 'dummy0')],
    ['a list of interfaces', NETLINK_ROUTE, 18, (writer) => encodeLinkQuestion(writer)],
  ])('%s', (_, protocol, type, write) => {
    expectNames(message(type, write), schemasOf(protocol));
  });
});
