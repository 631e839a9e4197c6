/** What is left of the clients that rules remember when a change is through: the backend forgets some of them. */

import { splitClientName } from '@menwei/netfilter/trace/nftables/instructions.ts';
import type { Memory } from '@menwei/netfilter/trace/packet.ts';
import { parseElement } from '@menwei/netlink/nftables';
import { clientMapNamed } from 'menwei/backends/nftables/affinity.ts';
import { Forgotten, partingOf } from 'menwei/backends/nftables/forgotten.ts';
import type { NftablesState } from 'menwei/backends/nftables/state.ts';

export function forget(memory: Memory, before: NftablesState, after: NftablesState): Memory {
  const family = (before ?? after)?.table.family === 'ip6' ? 'IPv6' : 'IPv4';
  const forgotten = new Forgotten();
  const parting = partingOf(before, after);
  forgotten.note(parting);
  return new Map(
    [...memory].filter(([name, { data }]) => {
      const { map, key } = splitClientName(name);
      return (
        !parting.maps.includes(map) &&
        !forgotten.isAbout(map, parseElement(clientMapNamed(map, family), key, data))
      );
    }),
  );
}
