/** Which hosts the packets of an address pass: counted by rules of iptables that do nothing else. */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { LabHost } from './host.ts';

/** Packets that came to a host from elsewhere, whatever became of them. */
interface PacketCounts {
  /** With the address as their source. */
  readonly from: number;
  /** With the address as their destination. Those inside a tunnel have another one. */
  readonly to: number;
}

/** Starts to count at a host. Throws if iptables refuses. */
export async function countPackets(host: LabHost, address: string): Promise<PacketCounter> {
  const counter = new PacketCounter(host, address);
  await counter.start();
  return counter;
}

class PacketCounter {
  readonly #host: LabHost;
  readonly #address: string;
  readonly #tool: 'iptables' | 'ip6tables';

  constructor(host: LabHost, address: string) {
    this.#host = host;
    this.#address = address;
    this.#tool = familyOf(address) === 'IPv4' ? 'iptables' : 'ip6tables';
  }

  async start(): Promise<void> {
    for (const side of ['-s', '-d']) {
      await this.#run(this.#tool, ['-w', '-t', 'mangle', '-A', 'PREROUTING', side, this.#address]);
    }
  }

  /** Since the start. */
  async read(): Promise<PacketCounts> {
    const lines = (await this.#run(`${this.#tool}-save`, ['-c', '-t', 'mangle'])).split('\n');
    const count = (side: string): number => {
      const line = lines.find((candidate) => candidate.includes(`-A PREROUTING ${side} ${this.#address}/`));
      return Number(/^\[(\d+):/.exec(line ?? '')?.[1]);
    };
    return { from: count('-s'), to: count('-d') };
  }

  async #run(file: string, argv: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#host.exec(file, argv);
    if (status !== 0) throw new Error(`${this.#host.name}: ${file} ${argv.join(' ')}: ${stderr.trim()}`);
    return stdout;
  }
}
