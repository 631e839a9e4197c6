/** What is left of the clients that rules remember when a change is through: the backend forgets some of them. */

import { splitClientName } from '@menwei/netfilter/trace/nftables/instructions.ts';
import type { Memory } from '@menwei/netfilter/trace/packet.ts';
import { Forgotten, partingOf } from 'menwei/backends/nftables/forgotten.ts';
import type { NftablesState } from 'menwei/backends/nftables/state.ts';

export function forget(memory: Memory, before: NftablesState, after: NftablesState): Memory {
  const forgotten = new Forgotten();
  const parting = partingOf(before, after);
  forgotten.note(parting);
  return new Map(
    [...memory].filter(([name, { data }]) => {
      const { map, key } = splitClientName(name);
      return !parting.maps.includes(map) && !forgotten.isAbout(map, { key, data, comment: '' });
    }),
  );
}
