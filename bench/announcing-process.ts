/** The speaker in a process of its own, with so many addresses of the network 10.0.0.0/8 on eth0. */
import { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { PacketWire } from 'menwei/announce/l2/packet-wire.ts';
import { Standstill } from 'menwei/announce/l2/standstill.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { announcedAddresses } from './announced-addresses.ts';

const count = Number(process.argv[2]);
const speaker = new L2Speaker({
  wire: new PacketWire(),
  log: silentLogger,
  refreshMs: 60_000,
  standstill: new Standstill(4_000),
});
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
await speaker.run(end.signal, () => {
  speaker.apply(announcedAddresses(count).map((address) => ({ address, interfaces: ['eth0'] })));
  const silent = speaker.observe().filter(({ isAnswering }) => !isAnswering);
  process.stdout.write(silent.length === 0 ? 'ready\n' : `${silent[0]?.reason}\n`);
});
