/** The speaker of tests and benchmarks on the interfaces that the kernel has. */
import { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { PacketWire } from 'menwei/announce/l2/packet-wire.ts';
import { Standstill } from 'menwei/announce/l2/standstill.ts';
import { silentLogger } from 'menwei/log/logger.ts';

export function packetSpeaker(wire = new PacketWire()): L2Speaker {
  return new L2Speaker({ wire, log: silentLogger, refreshMs: 60_000, standstill: new Standstill(4_000) });
}
