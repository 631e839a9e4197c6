import { constants } from 'node:os';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeFamily, encodeTuple } from '../families/conntrack/message.ts';
import { encodeAddress } from '../families/route/message.ts';
import { encodeGenericHeader } from '../generic.ts';
import { encodeMessage, type NetlinkMessage } from '../message.ts';
import { MessageWriter } from '../message-writer.ts';
import { NETLINK_GENERIC, NETLINK_NETFILTER, NETLINK_ROUTE } from '../netlink-protocols.ts';
import { hex } from '../testing/bytes.ts';
import { acknowledgement, done } from '../testing/netlink-peer.ts';
import { formatDatagram, formatMessage } from './format.ts';
import { schemasOf } from './trace.ts';

function message(type: number, flags: number, write: (writer: MessageWriter) => void): NetlinkMessage {
  const writer = new MessageWriter();
  write(writer);
  return { type, flags, sequence: 7, port: 0, payload: writer.bytes().slice() };
}

function lines(text: string): readonly string[] {
  return text.split('\n');
}

const NOTHING = message(0x10, 0, () => undefined);

describe('a message', () => {
  it('of rtnetlink', () => {
    const adding = message(20, 0x605, (writer) => encodeAddress(writer, 3, '10.0.0.1'));
    expect(lines(formatMessage(adding, 'sent', schemasOf(NETLINK_ROUTE)))).toEqual([
      '-> RTM_NEWADDR flags=REQUEST|ACK|EXCL|CREATE seq=7 port=0 (40 bytes)',
      '  family=IPv4 prefix=32 flags=0x0 scope=0 index=3',
      '  IFA_LOCAL 10.0.0.1',
      '  IFA_ADDRESS 10.0.0.1',
    ]);
  });

  it('of connection tracking', () => {
    const listing = message(0x101, 0x301, (writer) => {
      encodeFamily(writer, 'IPv6');
      encodeTuple(writer, 1, 'IPv6', 'UDP', { destination: { ip: 'fd00::1', port: 53 } });
    });
    expect(lines(formatMessage(listing, 'sent', schemasOf(NETLINK_NETFILTER)))).toEqual([
      '-> IPCTNL_MSG_CT_GET flags=REQUEST|DUMP seq=7 port=0 (68 bytes)',
      '  family=IPv6 version=0 resource=0',
      '  CTA_TUPLE_ORIG',
      '    CTA_TUPLE_IP',
      '      CTA_IP_V6_DST fd00::1',
      '    CTA_TUPLE_PROTO',
      '      CTA_PROTO_NUM 17',
      '      CTA_PROTO_DST_PORT 53',
    ]);
  });

  it('of nf_tables: what an expression holds is told by its name', () => {
    const rule = message(0xa06, 0xc01, (writer) => {
      writer.raw(new Uint8Array([2, 0, 0, 10]));
      writer.text(1, 'filter');
      const expressions = writer.beginNested(4);
      const element = writer.beginNested(1);
      writer.text(1, 'meta');
      const data = writer.beginNested(2);
      writer.u32be(1, 8);
      writer.u32be(2, 16);
      writer.endNested(data);
      writer.endNested(element);
      writer.endNested(expressions);
    });
    expect(lines(formatMessage(rule, 'sent', schemasOf(NETLINK_NETFILTER)))).toEqual([
      '-> NFT_MSG_NEWRULE flags=REQUEST|CREATE|APPEND seq=7 port=0 (72 bytes)',
      '  family=IPv4 version=0 resource=10',
      '  NFTA_RULE_TABLE "filter"',
      '  NFTA_RULE_EXPRESSIONS',
      '    NFTA_LIST_ELEM',
      '      NFTA_EXPR_NAME "meta"',
      '      NFTA_EXPR_DATA',
      '        NFTA_META_DREG 8',
      '        NFTA_META_KEY 16',
    ]);
  });

  it('of a generic family, once the kernel has told its type', () => {
    const schemaOf = schemasOf(NETLINK_GENERIC);
    const adding = message(0x1f, 5, (writer) => {
      encodeGenericHeader(writer, 1, 1);
      const service = writer.beginNested(1);
      writer.text(6, 'rr');
      writer.endNested(service);
    });
    expect(formatMessage(adding, 'sent', schemaOf)).toContain('type 31 ');
    const found = message(0x10, 0, (writer) => {
      encodeGenericHeader(writer, 1, 2);
      writer.text(2, 'IPVS');
      writer.u16(1, 0x1f);
    });
    expect(lines(formatMessage(found, 'received', schemaOf))).toEqual([
      '<- CTRL_CMD_NEWFAMILY flags=0 seq=7 port=0 (40 bytes)',
      '  command=1 version=2',
      '  CTRL_ATTR_FAMILY_NAME "IPVS"',
      '  CTRL_ATTR_FAMILY_ID 31',
    ]);
    expect(lines(formatMessage(adding, 'sent', schemaOf))).toEqual([
      '-> IPVS_CMD_NEW_SERVICE flags=REQUEST|ACK seq=7 port=0 (32 bytes)',
      '  command=1 version=1',
      '  IPVS_CMD_ATTR_SERVICE',
      '    IPVS_SVC_ATTR_SCHED_NAME "rr"',
    ]);
  });

  it('that refuses says why', () => {
    const refusal = acknowledgement(NOTHING, constants.errno.EINVAL, 'no such hook');
    expect(lines(formatMessage(refusal, 'received', schemasOf(NETLINK_ROUTE)))).toEqual([
      '<- NLMSG_ERROR flags=CAPPED|ACK_TLVS seq=7 port=0 (56 bytes)',
      '  invalid argument (EINVAL)',
      '  NLMSGERR_ATTR_MSG "no such hook"',
    ]);
  });

  it('that ends a dump', () => {
    expect(lines(formatMessage(done(NOTHING, 0), 'received', schemasOf(NETLINK_ROUTE)))).toEqual([
      '<- NLMSG_DONE flags=MULTI seq=7 port=0 (20 bytes)',
      '  no error',
    ]);
  });

  it.each([
    ['of an unknown type', 99, '0102', ['<- type 99 flags=MULTI|0x400 seq=7 port=0 (18 bytes)', '  0x0102']],
    [
      'with unknown attributes, and one of another size than usual',
      20,
      '02200000 03000000 06002300 abcd0000 08002480 04002500 0500 0100 01000000',
      [
        '<- RTM_NEWADDR flags=MULTI|CREATE seq=7 port=0 (48 bytes)',
        '  family=IPv4 prefix=32 flags=0x0 scope=0 index=3',
        '  attribute 35 0xabcd',
        '  attribute 36',
        '    attribute 37 0x',
        '  IFA_ADDRESS 0x01',
      ],
    ],
    [
      'that ends too early',
      20,
      '02200000 03000000 08000100 0a00',
      [
        '<- RTM_NEWADDR flags=MULTI|CREATE seq=7 port=0 (30 bytes)',
        '  family=IPv4 prefix=32 flags=0x0 scope=0 index=3',
        '  malformed: 0x080001000a00',
      ],
    ],
  ])('%s', (_, type, payload, expected) => {
    const received = { type, flags: 0x402, sequence: 7, port: 0, payload: hex(payload) };
    expect(lines(formatMessage(received, 'received', schemasOf(NETLINK_ROUTE)))).toEqual(expected);
  });
});

describe('a datagram', () => {
  it('that is malformed is written as bytes', () => {
    expect(formatDatagram(hex('ff000000'), 'received', schemasOf(NETLINK_ROUTE))).toBe(
      '<- malformed: 0xff000000',
    );
  });

  it('of many messages is cut short', () => {
    const many = Buffer.concat(Array(20).fill(encodeMessage(NOTHING)));
    expect(lines(formatDatagram(many, 'sent', schemasOf(99)))).toEqual([
      ...Array(16).fill('-> type 16 flags=0 seq=7 port=0 (16 bytes)'),
      '-> … and 4 more messages in the same datagram',
    ]);
  });

  it('has a text of bounded size, whatever is in it', () => {
    const protocol = fc.constantFrom(NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_GENERIC, 99);
    const type = fc.oneof(fc.nat(40), fc.nat(0xffff), fc.integer({ min: 0xa00, max: 0xa18 }));
    const payload = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      // Many small attributes, and nested ones.
      fc.nat(0xffff).map(manyAttributes),
    );
    fc.assert(
      fc.property(protocol, type, fc.nat(0xffff), payload, (each, of, flags, content) => {
        const bytes = encodeMessage({ type: of, flags, sequence: 1, port: 1, payload: content });
        const text = lines(formatDatagram(bytes, 'received', schemasOf(each)));
        expect(text.length).toBeLessThanOrEqual(61);
        for (const line of text) expect(line.length).toBeLessThan(300);
      }),
    );
  });
});

function manyAttributes(type: number): Uint8Array {
  return message(0, 0, (writer) => {
    writer.raw(new Uint8Array(4));
    for (let index = 0; index < 500; index++) writer.u32(type & 0x7fff, index);
  }).payload;
}
