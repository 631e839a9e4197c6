/** What only one host of a lab can have: a name, an address, a range of addresses for pods, a port of a node. */
import { type Cidr, cidrContains, parseCidr } from '@menwei/addresses/ip.ts';
import { LabSpecError } from './lab-spec-error.ts';

interface Range {
  readonly cidr: Cidr;
  readonly owner: string;
}

/** Every claim throws {@link LabSpecError} for what another host has. */
export class Claims {
  readonly #names = new Set(['client', 'wire']);
  readonly #addresses = new Map<string, string>();
  readonly #ranges: Range[] = [];
  readonly #ports = new Map<string, string>();

  name(kind: string, name: string): void {
    if (!/^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(name)) {
      throw new LabSpecError(
        `${kind} ${JSON.stringify(name)}: a name is lower-case letters, digits, dots and dashes`,
      );
    }
    if (this.#names.has(name))
      throw new LabSpecError(`${kind} ${name}: there is already a host of that name`);
    this.#names.add(name);
  }

  /** @param owner `node a`; @param field `ip` */
  address(owner: string, field: string, ip: string | undefined): void {
    if (ip === undefined) return;
    const other = this.#addresses.get(ip);
    if (other !== undefined) throw new LabSpecError(`${owner}: ${field}: ${ip} is the address of ${other}`);
    this.#addresses.set(ip, owner);
  }

  /** A range of addresses that overlaps no other. @param text checked before */
  range(owner: string, field: string, text: string | undefined): void {
    const cidr = text === undefined ? undefined : parseCidr(text);
    if (cidr === undefined) return;
    const other = this.#ranges.find((range) => overlap(range.cidr, cidr));
    if (other !== undefined) {
      throw new LabSpecError(
        `${owner}: ${field}: ${cidr.text} overlaps ${other.cidr.text} of ${other.owner}`,
      );
    }
    this.#ranges.push({ cidr, owner });
  }

  /** A port that a pod on the host network takes. */
  port(pod: string, node: string, port: number): void {
    const other = this.#ports.get(`${node} ${port}`);
    if (other !== undefined) throw new LabSpecError(`${pod}: ports: ${other} has ${port} on node ${node}`);
    this.#ports.set(`${node} ${port}`, pod);
  }
}

function overlap(one: Cidr, other: Cidr): boolean {
  return cidrContains(one, other.address) || cidrContains(other, one.address);
}
