/** The ranges cluster IPs are taken from, put together from all ServiceCIDR objects. */
import { type Cidr, cidrContains, type IpFamily, parseCidr } from '../addresses/ip.ts';

export class ServiceCIDRs {
  /** By name of the object: a range that several objects have stays until the last of them is gone. */
  readonly #byObject = new Map<string, readonly Cidr[]>();

  /**
   * Takes in what an object says now: nothing, once it is gone.
   * @param cidrs canonical text of both families
   */
  set(object: string, cidrs: readonly string[]): void {
    if (cidrs.length === 0) this.#byObject.delete(object);
    else this.#byObject.set(object, cidrs.map(parseOrBug));
  }

  /** The ranges of one family, sorted; none lies in another. */
  of(family: IpFamily): readonly string[] {
    const cidrs = [...this.#byObject.values()].flat().filter((cidr) => cidr.family === family);
    const outermost = cidrs.filter((cidr) => !cidrs.some((other) => isInside(cidr, other)));
    return [...new Set(outermost.map(({ text }) => text))].sort();
  }
}

function isInside(inner: Cidr, outer: Cidr): boolean {
  return outer.prefixLength < inner.prefixLength && cidrContains(outer, inner.address);
}

function parseOrBug(text: string): Cidr {
  const cidr = parseCidr(text);
  if (cidr === undefined) throw new Error(`BUG: ${text} is not a CIDR`);
  return cidr;
}
