/** What the userspace mode is told once, at start. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { PortRange } from '../../config/settings.ts';
import type { AnsweredVIPs } from '../../services/answered-vips.ts';

export interface UserspaceOptions {
  readonly family: IpFamily;
  /** See answeredVIPs. */
  readonly answeredVIPs: AnsweredVIPs;
  /** NodePorts answer on 127.0.0.1; only ever true for IPv4. */
  readonly localhostNodePorts: boolean;
  /** Where relays listen. */
  readonly portRange: PortRange;
  /** The one address of this machine that relays listen on; undefined: wherever packets can be led to. */
  readonly listenIP: string | undefined;
}
