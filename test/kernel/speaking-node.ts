/** A speaker in a process of its own: announces what the first argument says, tells what became of it, and goes on. */
import { packetSpeaker } from './packet-speaker.ts';

const [addresses = '', name = 'eth0'] = process.argv.slice(2);
const speaker = packetSpeaker();
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
