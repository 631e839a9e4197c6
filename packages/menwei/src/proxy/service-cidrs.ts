/** The ranges cluster IPs are taken from, put together from all ServiceCIDR objects. */
import { type Cidr, type IpFamily, outermostCidrs, parseKnownCidr } from '@menwei/addresses/ip.ts';

export class ServiceCIDRs {
  /** By name of the object: a range that several objects have stays until the last of them is gone. */
  readonly #byObject = new Map<string, readonly Cidr[]>();

  /**
   * Takes in what an object says now: nothing, once it is gone.
   * @param cidrs canonical text of both families
   */
  set(object: string, cidrs: readonly string[]): void {
    if (cidrs.length === 0) this.#byObject.delete(object);
    else this.#byObject.set(object, cidrs.map(parseKnownCidr));
  }

  /** The ranges of one family, sorted; none lies in another. */
  of(family: IpFamily): readonly string[] {
    const cidrs = [...this.#byObject.values()].flat().filter((cidr) => cidr.family === family);
    return outermostCidrs(cidrs)
      .map(({ text }) => text)
      .sort();
  }
}
