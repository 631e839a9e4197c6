/** The cables between a node and the rest of its lab, and what may happen to them. */
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { exec } from './host-process.ts';

interface Ports {
  /** The interface at the end of the wire. */
  readonly wire: string;
  /** That of the management network, where the lab has one. */
  readonly management: string | undefined;
}

export class Link {
  readonly #wire: NetworkNamespace;
  readonly #ports: Ports;

  constructor(wire: NetworkNamespace, ports: Ports) {
    this.#wire = wire;
    this.#ports = ports;
  }

  /** As when its cable to the wire is pulled: the node sees that its carrier is gone. */
  async down(): Promise<void> {
    await this.#set(this.#ports.wire, 'down');
  }

  /** As when the switch fails that it hangs on: its interface on the wire stays up, and it reaches nobody, nor the API server. */
  async isolate(): Promise<void> {
    const { wire, management } = this.#ports;
    await this.#set(wire, 'nomaster');
    if (management !== undefined) await this.#set(management, 'down');
  }

  /** As it was in the beginning. */
  async up(): Promise<void> {
    const { wire, management } = this.#ports;
    if (management !== undefined) await this.#set(management, 'up');
    await this.#set(wire, 'master', 'wire', 'up');
  }

  /** Without a pause of this process: the API server of a lab is in it. */
  async #set(port: string, ...what: readonly string[]): Promise<void> {
    const argv = ['link', 'set', port, ...what];
    const { status, stderr } = await exec(this.#wire, 'ip', argv);
    if (status !== 0) throw new Error(`ip ${argv.join(' ')}: ${stderr.trim()}`);
  }
}
