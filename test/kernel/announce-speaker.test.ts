/** The speaker on packet sockets and rtnetlink, with a stranger at the other end of a cable. */
import { decode, encode } from '@menwei/neighbor/frame.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket } from '@menwei/neighbor/packet-socket.ts';
import { describeSpeaker, type SpeakerScene } from '@menwei/testing/announce/speaker-laws.ts';
import { AnnouncingNode } from './announcing-node.ts';
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
  const announcing = await AnnouncingNode.open(node);
  let name = 'eth0';
  return {
    speaker: announcing.speaker,
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
      await announcing[Symbol.asyncDispose]();
      for (const disposable of [...sockets, node, far]) disposable[Symbol.dispose]();
    },
  };
}

function isOfTest(message: NeighborMessage): boolean {
  return /^(192\.0\.2\.|2001:db8::1[0-9]{2})/.test(message.targetIp) || 'senderIp' in message;
}

describeSpeaker('packet sockets', openScene);
