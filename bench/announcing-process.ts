/** The speaker in a process of its own, with so many addresses of the network 10.0.0.0/8 on eth0. */
import { packetSpeaker } from '../test/kernel/packet-speaker.ts';
import { announcedAddresses } from './announced-addresses.ts';

const count = Number(process.argv[2]);
const speaker = packetSpeaker();
const end = new AbortController();
process.once('SIGTERM', () => end.abort());
await speaker.run(end.signal, () => {
  speaker.apply(announcedAddresses(count).map((address) => ({ address, interfaces: ['eth0'] })));
  const silent = speaker.observe().filter(({ isAnswering }) => !isAnswering);
  process.stdout.write(silent.length === 0 ? 'ready\n' : `${silent[0]?.reason}\n`);
});
