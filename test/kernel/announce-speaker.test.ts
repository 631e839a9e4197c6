/** The speaker on packet sockets and rtnetlink, with a stranger at the other end of a cable. */
import { decode, encode } from '@menwei/neighbor/frame.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket } from '@menwei/neighbor/packet-socket.ts';
import { describeSpeaker, type SpeakerScene } from '@menwei/testing/announce/speaker-laws.ts';
import { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { PacketWire } from 'menwei/announce/l2/packet-wire.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { connect, Namespace } from './segment-namespaces.ts';

const MAC = '02:00:00:00:00:01';
const LINK_LOCAL = 'fe80::ff:fe00:1';
const STRANGER = '02:00:00:00:00:aa';

async function openScene(): Promise<SpeakerScene> {
  const [node, far] = [new Namespace(), new Namespace()];
  connect(
    { at: node, name: 'eth0', mac: MAC, linkLocal: LINK_LOCAL },
    { at: far, name: 'far', mac: STRANGER },
  );
  node.ip('address', 'add', '192.0.2.1/24', 'dev', 'eth0');
  node.ip('address', 'add', '2001:db8::1/64', 'dev', 'eth0', 'nodad');
  const heard: NeighborMessage[] = [];
  const sockets = (['ARP', 'NDP'] as const).map((protocol) =>
    far.within(() =>
      openPacketSocket(protocol, far.indexOf('far'), {
        onFrame(frame) {
          const message = decode(frame);
          // The kernel there and here make sure that their own addresses are nobody else's.
          if (message !== undefined && isOfTest(message)) heard.push(message);
        },
        onError: () => undefined,
      }),
    ),
  );
  const speaker = new L2Speaker({ wire: inside(node), log: silentLogger, refreshMs: 60_000 });
  const end = new AbortController();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const ended = node.within(() => speaker.run(end.signal, resolve));
  await ready;
  let name = 'eth0';
  return {
    speaker,
    mac: MAC,
    linkLocal: LINK_LOCAL,
    stranger: {
      mac: STRANGER,
      heard,
      send: (message) => sockets.at('senderIp' in message ? 0 : 1)?.send(encode(message)),
    },
    setCarrier: (isThere) => void far.ip('link', 'set', 'far', isThere ? 'up' : 'down'),
    rename(next) {
      node.ip('link', 'set', name, 'name', next);
      name = next;
    },
    setMac: (mac) => void node.ip('link', 'set', name, 'address', mac),
    async [Symbol.asyncDispose]() {
      end.abort();
      await ended;
      for (const disposable of [...sockets, node, far]) disposable[Symbol.dispose]();
    },
  };
}

/** Sockets are opened while this thread is in the namespace of the test, or in another one: all of them are to be in the node's. */
function inside(node: Namespace): PacketWire {
  const wire = new PacketWire();
  const open = wire.open.bind(wire);
  wire.open = (...args) => {
    const port = node.within(() => open(...args));
    const join = port.join.bind(port);
    port.join = (address) => node.within(() => join(address));
    return port;
  };
  return wire;
}

function isOfTest(message: NeighborMessage): boolean {
  return /^(192\.0\.2\.|2001:db8::1[0-9]{2})/.test(message.targetIp) || 'senderIp' in message;
}

describeSpeaker('packet sockets', openScene);
