import { describe, expect, it } from 'vitest';
import { MessageWriter } from '../../message-writer.ts';
import { NFT_MSG } from './constants.ts';
import { decodeNotification, type Notification } from './notification.ts';

function decode(
  type: number,
  family: number,
  write: (writer: MessageWriter) => void,
): Notification | undefined {
  const writer = new MessageWriter();
  writer.raw(new Uint8Array([family, 0, 0, 0]));
  write(writer);
  return decodeNotification({ type, flags: 0, sequence: 0, port: 0, payload: writer.bytes() });
}

/** What is named after the table, in the attribute of this type. */
function named(type: number, name: string): (writer: MessageWriter) => void {
  return (writer) => {
    writer.text(1, 'menwei');
    writer.text(type, name);
  };
}

function elements(count: number): (writer: MessageWriter) => void {
  return (writer) => {
    writer.text(1, 'menwei');
    writer.text(2, 'endpoints');
    const list = writer.beginNested(3);
    for (let index = 0; index < count; index++) writer.endNested(writer.beginNested(1));
    writer.endNested(list);
  };
}

describe('news', () => {
  it.each([
    [NFT_MSG.NEWTABLE, named(6, ''), 'added table'],
    [NFT_MSG.DELTABLE, named(6, ''), 'deleted table'],
    [NFT_MSG.NEWCHAIN, named(3, 'services'), 'added chain services'],
    [NFT_MSG.DELCHAIN, named(3, 'services'), 'deleted chain services'],
    [NFT_MSG.NEWRULE, named(2, 'services'), 'added rule in services'],
    [NFT_MSG.DELRULE, named(2, 'services'), 'deleted rule of services'],
    [NFT_MSG.NEWSET, named(2, 'endpoints'), 'added set endpoints'],
    [NFT_MSG.DELSET, named(2, 'endpoints'), 'deleted set endpoints'],
    [NFT_MSG.NEWSETELEM, elements(1), 'added element of endpoints'],
    [NFT_MSG.DELSETELEM, elements(3), 'deleted 3 elements of endpoints'],
    [NFT_MSG.NEWOBJ, named(2, 'bytes'), 'added object'],
    [NFT_MSG.DELOBJ, named(2, 'bytes'), 'deleted object'],
    [NFT_MSG.NEWFLOWTABLE, named(2, 'fast'), 'added flowtable'],
    [NFT_MSG.DELFLOWTABLE, named(2, 'fast'), 'deleted flowtable'],
  ])('of type %i', (type, write, what) => {
    const chain = /chain|rule/.test(what) ? { chain: 'services' } : {};
    expect(decode(type, 2, write)).toEqual({ table: { family: 'ip', name: 'menwei' }, what, ...chain });
    expect(decode(type, 10, write)).toEqual({ table: { family: 'ip6', name: 'menwei' }, what, ...chain });
    expect(decode(type, 1, write)).toEqual({ table: undefined, what, ...chain });
  });

  it('of a generation may say whose it is', () => {
    const write = (writer: MessageWriter) => {
      writer.u32be(1, 7);
      writer.u32be(2, 4711);
      writer.text(3, 'nft');
    };
    expect(decode(NFT_MSG.NEWGEN, 0, write)).toEqual({
      generation: 7,
      processId: 4711,
      processName: 'nft',
    });
    expect(decode(NFT_MSG.NEWGEN, 0, (writer) => writer.u32be(1, 7))).toEqual({
      generation: 7,
      processId: undefined,
      processName: undefined,
    });
  });

  it('of something else are none', () => {
    expect(decode(0xa11, 2, named(2, 'x'))).toBeUndefined();
    expect(decode(0x100, 2, named(2, 'x'))).toBeUndefined();
  });
});
