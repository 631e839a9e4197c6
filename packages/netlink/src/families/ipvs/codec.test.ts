import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { IP_FAMILIES } from '../../address.ts';
import { KernelError } from '../../kernel-error.ts';
import { decodeMessages } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { hex, readOrRefused } from '../../testing/bytes.ts';
import { destination, server } from '../../testing/ipvs-arbitraries.ts';
import { decodeDaemon, decodeInfo, decodeTimeouts, encodeTimeouts } from './configuration.ts';
import type { Frontend, IpvsEdit, VirtualServer } from './contract.ts';
import { DestinationReader } from './destination-reader.ts';
import { encodeEdit } from './encoder.ts';
import { ServerReader } from './server-reader.ts';

const WEB: Frontend = { family: 'IPv4', protocol: 'TCP', ip: '10.96.0.1', port: 80 };
const POD = { ip: '10.180.0.2', port: 8080, weight: 3, forwarding: 'masquerade' } as const;
const NO_CONNECTIONS = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

/** The payload: command and attributes. */
function encoded(edit: IpvsEdit): Uint8Array {
  const writer = new MessageWriter();
  encodeEdit(writer, 0x21, 7, edit);
  const [message] = decodeMessages(writer.bytes());
  if (message === undefined) throw new Error('BUG: no message');
  expect(message).toMatchObject({ type: 0x21, sequence: 7, flags: 1 });
  return message.payload;
}

// Of TCP 10.96.0.1:80: family, protocol, address, port.
const IDENTITY =
  '0600 0100 0200 0000  0600 0200 0600 0000  1400 0300 0a600001 000000000000000000000000  0600 0400 0050 0000';
// Of TCP [fd00::1]:80.
const IDENTITY_6 =
  '0600 0100 0a00 0000  0600 0200 0600 0000  1400 0300 fd000000000000000000000000000001  0600 0400 0050 0000';
// Of 10.180.0.2:8080: family, address, port.
const POD_IDENTITY = '0600 0b00 0200 0000  1400 0100 0ab40002 000000000000000000000000  0600 0200 1f90 0000';

describe('an edit as bytes', () => {
  it.each<[string, IpvsEdit, string]>([
    [
      'add a virtual server',
      {
        change: 'add-server',
        server: { frontend: WEB, scheduler: 'rr', flags: 0x11, timeoutSeconds: 10_800 },
      },
      `01010000 5400 0180 ${IDENTITY} 0700 0600 727200 00  0c00 0700 11000000 ffffffff  0800 0800 302a0000  0800 0900 ffffffff`,
    ],
    [
      'change one of IPv6',
      {
        change: 'set-server',
        server: {
          frontend: { ...WEB, family: 'IPv6', ip: 'fd00::1' },
          scheduler: 'wrr',
          flags: 0,
          timeoutSeconds: 9,
        },
      },
      `02010000 5400 0180 ${IDENTITY_6} 0800 0600 77727200  0c00 0700 00000000 ffffffff  0800 0800 00000000  0800 0900 80000000`,
    ],
    ['remove a virtual server', { change: 'remove-server', frontend: WEB }, `03010000 3000 0180 ${IDENTITY}`],
    [
      'remove one for marked packets',
      { change: 'remove-server', frontend: { family: 'IPv6', mark: 0x1234 } },
      '03010000 1400 0180 0600 0100 0a00 0000  0800 0500 34120000',
    ],
    [
      'add a destination',
      { change: 'add-destination', frontend: WEB, destination: POD },
      `05010000 3000 0180 ${IDENTITY} 4800 0280 ${POD_IDENTITY} 0800 0300 00000000  0800 0400 03000000  0800 0500 00000000  0800 0600 00000000`,
    ],
    [
      'change a destination',
      {
        change: 'set-destination',
        frontend: WEB,
        destination: { ...POD, weight: 65535, forwarding: 'direct' },
      },
      `06010000 3000 0180 ${IDENTITY} 4800 0280 ${POD_IDENTITY} 0800 0300 03000000  0800 0400 ffff0000  0800 0500 00000000  0800 0600 00000000`,
    ],
    [
      'remove a destination',
      { change: 'remove-destination', frontend: WEB, destination: POD },
      `07010000 3000 0180 ${IDENTITY} 2800 0280 ${POD_IDENTITY}`,
    ],
  ])('%s', (_, edit, bytes) => expect(encoded(edit)).toEqual(hex(bytes)));

  it('is never about an address of the other family', () => {
    const edit: IpvsEdit = { change: 'remove-server', frontend: { ...WEB, family: 'IPv6' } };
    expect(() => encoded(edit)).toThrow('BUG: 10.96.0.1 is no IPv6 address');
  });

  it('can be read back: virtual servers', () => {
    fc.assert(
      fc.property(server, (each) => {
        const reader = new ServerReader();
        const frontend = reader.read(encoded({ change: 'add-server', server: each }));
        expect(frontend).toEqual(each.frontend);
        expect(frontend && reader.server(frontend)).toEqual(each);
      }),
    );
  });

  it('can be read back: destinations', () => {
    fc.assert(
      fc.property(destination, ([frontend, each]) => {
        const reader = new DestinationReader(frontend.family);
        reader.read(encoded({ change: 'add-destination', frontend, destination: each }));
        expect(reader.destination()).toEqual({ ...each, ...NO_CONNECTIONS });
      }),
    );
  });
});

describe('a virtual server as the kernel tells it', () => {
  const read = (body: string): VirtualServer | undefined => {
    const bytes = hex(body);
    const header = Buffer.from([1, 1, 0, 0, bytes.length + 4, 0, 1, 0]);
    const reader = new ServerReader();
    const frontend = reader.read(Buffer.concat([header, bytes]));
    return frontend && reader.server(frontend);
  };
  const REST = '0700 0600 727200 00  0c00 0700 03000000 ffffffff  0800 0800 3c000000';

  it('is read without the note of the kernel that it has it', () => {
    expect(read(`${IDENTITY} ${REST}`)).toEqual({
      frontend: WEB,
      scheduler: 'rr',
      flags: 1,
      timeoutSeconds: 60,
    });
  });

  it('has a timeout only if clients stay', () => {
    const rest = REST.replace('03000000', '02000000');
    expect(read(`${IDENTITY} ${rest}`)).toMatchObject({ flags: 0, timeoutSeconds: 0 });
  });

  it.each([
    ['of an unknown protocol', IDENTITY.replace('0600 0200 0600', '0600 0200 3200')],
    ['of no family', IDENTITY.replace('0600 0100 0200', '0600 0100 0100')],
    ['of which nothing is said', ''],
  ])('is left out: %s', (_, body) => expect(read(body)).toBeUndefined());

  it.each([
    ['a long family', '0800 0100 02000000'],
    ['a short address', '0600 0100 0200 0000  0600 0200 0600 0000  0800 0300 0a600001'],
    ['no address', '0600 0100 0200 0000  0600 0200 0600 0000'],
    ['short flags', `${IDENTITY} 0800 0700 03000000`],
    ['an attribute beyond its end', `${IDENTITY} 0900 0700 03000000`],
  ])('is refused with %s', (_, body) => expect(() => read(body)).toThrow(KernelError));
});

describe('a destination as the kernel tells it', () => {
  const payload = (body: string): Uint8Array => {
    const bytes = hex(body);
    return Buffer.concat([Buffer.from([5, 1, 0, 0, bytes.length + 4, 0, 2, 0]), bytes]);
  };
  const CONNECTIONS = '0800 0700 01000000  0800 0800 02000000  0800 0900 03000000';
  // The last two are rates.
  const STATS64 =
    '5800 0c00 0c00 0100 0100000000000000 0c00 0200 0200000000000000 0c00 0300 0300000000000000' +
    '0c00 0400 0000000001000000 0c00 0500 ffffffffffffffff 0c00 0600 0900000000000000 0c00 0700 0900000000000000';

  it('is read with its connections and counters', () => {
    const reader = new DestinationReader('IPv4');
    reader.read(payload(`${POD_IDENTITY} ${CONNECTIONS} ${STATS64}`));
    expect(reader.destination()).toEqual({
      ip: '10.180.0.2',
      port: 8080,
      weight: 0,
      forwarding: 'masquerade',
      activeConnections: 1,
      inactiveConnections: 2,
      persistentConnections: 3,
    });
    expect(reader.key()).toBe('10.180.0.2:8080');
    expect(reader.counters()).toEqual({
      connections: 1n,
      packetsIn: 2n,
      packetsOut: 3n,
      bytesIn: 2n ** 32n,
      bytesOut: 2n ** 64n - 1n,
    });
  });

  it('is of the family of its virtual server unless it says otherwise', () => {
    const reader = new DestinationReader('IPv6');
    reader.read(payload('1400 0100 fd000000000000000000000000000001  0600 0200 0050 0000'));
    expect(reader.key()).toBe('[fd00::1]:80');
    reader.read(payload(POD_IDENTITY));
    expect(reader.key()).toBe('10.180.0.2:8080');
  });

  it.each([
    ['no address', '0600 0200 0050 0000'],
    ['an unknown way of forwarding', `${POD_IDENTITY} 0800 0300 05000000`],
    ['a short weight', `${POD_IDENTITY} 0600 0400 0100 0000`],
  ])('is refused with %s', (_, body) => {
    const reader = new DestinationReader('IPv4');
    expect(() => {
      reader.read(payload(body));
      reader.destination();
    }).toThrow(KernelError);
  });

  it('is refused with short counters', () => {
    const reader = new DestinationReader('IPv4');
    reader.read(payload(`${POD_IDENTITY} 0c00 0c00 0800 0100 01000000`));
    expect(() => reader.counters()).toThrow(KernelError);
  });
});

describe('IPVS as a whole', () => {
  it('has timeouts', () => {
    const timeouts = { tcpSeconds: 900, tcpFinSeconds: 0, udpSeconds: 0x7fffffff };
    const writer = new MessageWriter();
    writer.raw(new Uint8Array([12, 1, 0, 0]));
    encodeTimeouts(writer, timeouts);
    expect(decodeTimeouts(writer.bytes())).toEqual(timeouts);
    expect(decodeTimeouts(hex('0c010000'))).toEqual({ tcpSeconds: 0, tcpFinSeconds: 0, udpSeconds: 0 });
  });

  it('has a version and a size', () => {
    const bytes = hex('0e010000 0800 0100 01020100  0800 0200 00100000');
    expect(decodeInfo(bytes)).toEqual({ version: '1.2.1', connectionTableSize: 4096 });
  });

  it.each([
    ['01000000', 'master'],
    ['02000000', 'backup'],
  ])('has daemons: %s', (state, word) => {
    const body = `0800 0100 ${state}  0900 0200 6574683000 000000  0800 0300 07000000`;
    expect(decodeDaemon(hex(`0b010000 2000 0300 ${body}`))).toEqual({
      state: word,
      interface: 'eth0',
      syncId: 7,
    });
  });

  it('has no daemon of which nothing is said', () => {
    expect(() => decodeDaemon(hex('0b010000'))).toThrow(KernelError);
  });
});

it('any bytes give a value or a KernelError', () => {
  const good = fc.oneof(
    server.map((each) => encoded({ change: 'add-server', server: each })),
    destination.map(([frontend, each]) =>
      encoded({ change: 'add-destination', frontend, destination: each }),
    ),
  );
  const mutations = fc.array(fc.tuple(fc.nat(160), fc.nat(255)), { maxLength: 4 });
  const mutated = fc.tuple(good, mutations).map(([bytes, changes]) => {
    const copy = bytes.slice();
    for (const [at, value] of changes) if (at < copy.length) copy[at] = value;
    return copy;
  });
  const decoders: readonly ((bytes: Uint8Array) => unknown)[] = [
    ...IP_FAMILIES.flatMap((family) => [
      (bytes: Uint8Array) => {
        const reader = new ServerReader();
        const frontend = reader.read(bytes);
        return frontend && [reader.server(frontend), reader.counters()];
      },
      (bytes: Uint8Array) => {
        const reader = new DestinationReader(family);
        reader.read(bytes);
        return [reader.destination(), reader.key(), reader.counters()];
      },
    ]),
    decodeTimeouts,
    decodeInfo,
    decodeDaemon,
  ];
  fc.assert(
    fc.property(fc.oneof(mutated, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      for (const decode of decoders) {
        readOrRefused(() => decode(bytes));
      }
    }),
    { numRuns: 500 },
  );
});
