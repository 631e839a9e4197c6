/** A speaker in a process of its own: announces what the first argument says, tells what became of it, and goes on. */
import { L2Speaker } from 'menwei/announce/l2/l2-speaker.ts';
import { PacketWire } from 'menwei/announce/l2/packet-wire.ts';
import { Standstill } from 'menwei/announce/l2/standstill.ts';
import { silentLogger } from 'menwei/log/logger.ts';

const [addresses = '', name = 'eth0'] = process.argv.slice(2);
const speaker = new L2Speaker({
  wire: new PacketWire(),
  log: silentLogger,
  refreshMs: 60_000,
  standstill: new Standstill(4_000),
});
const end = new AbortController();
process.once('SIGTERM', () => end.abort());

function tell(): void {
  process.stdout.write(`${JSON.stringify(speaker.observe())}\n`);
}

speaker.apply(addresses.split(',').map((address) => ({ address, interfaces: [name] })));
await speaker.run(end.signal, () => {
  tell();
  setInterval(tell, 200).unref();
});
