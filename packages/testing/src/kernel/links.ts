/**
 * Interfaces and their addresses in memory, behind the same interface as the kernel's. links-laws.ts holds both to the same
 * behaviour. Only tests import this folder.
 */
import { constants } from 'node:os';
import { familyOf, type IpFamily } from '@menwei/addresses/ip.ts';
import type { AddressEdit, AddressOnInterface, AddressRefusal, LinkClient } from '@menwei/netlink/route';
import { type FaultOptions, Faults } from './faults.ts';
import { failure, injected } from './refused.ts';

const { EADDRNOTAVAIL, EEXIST, ENODEV, ERANGE } = constants.errno;
const MAX_NAME_LENGTH = 15;

interface FakeLinksOptions {
  readonly faults?: FaultOptions;
}

interface FakeLink {
  readonly index: number;
  readonly isDummy: boolean;
  readonly addresses: Map<string, AddressOnInterface>;
}

/** Begins with the loopback interface. */
export class FakeLinks implements LinkClient {
  readonly faults: Faults;
  /** All changes of addresses that were asked for so far, what failed included. */
  readonly applied: (readonly AddressEdit[])[] = [];
  readonly #links = new Map<string, FakeLink>();
  #nextIndex = 1;

  constructor({ faults }: FakeLinksOptions = {}) {
    this.faults = new Faults(faults);
    this.addDevice('lo', [
      { ip: '127.0.0.1', prefixLength: 8, scope: 'host' },
      { ip: '::1', prefixLength: 128, scope: 'host' },
    ]);
  }

  applyDummy(name: string): void {
    this.#change(`create dummy interface ${name}`, () => {
      if (name.length > MAX_NAME_LENGTH) throw failure('create', `dummy interface ${name}`, ERANGE);
      const present = this.#links.get(name);
      if (present === undefined) this.#add(name, true);
      else if (!present.isDummy) throw failure('create', `dummy interface ${name}`, EEXIST);
    });
  }

  removeLink(name: string): void {
    this.#change(`remove interface ${name}`, () => this.#links.delete(name));
  }

  hasLink(name: string): boolean {
    return this.indexOf(name) !== undefined;
  }

  indexOf(name: string): number | undefined {
    const fault = this.faults.next();
    if (fault !== 'none') throw injected('observe', 'interfaces', fault);
    return this.#links.get(name)?.index;
  }

  async applyAddresses(
    name: string,
    edits: readonly AddressEdit[],
    signal: AbortSignal,
  ): Promise<readonly AddressRefusal[]> {
    this.applied.push(edits);
    // As with the kernel, others get a turn meanwhile.
    await Promise.resolve();
    if (edits.length === 0) return [];
    signal.throwIfAborted();
    const fault = this.faults.next();
    if (fault === 'none') return this.meddle(name, edits);
    if (fault === 'halfway') this.meddle(name, edits.slice(0, edits.length / 2));
    if (fault === 'after') this.meddle(name, edits);
    throw injected('change', 'interfaces', fault);
  }

  async observeAddresses(
    family: IpFamily,
    signal: AbortSignal,
    name?: string,
  ): Promise<readonly AddressOnInterface[]> {
    await Promise.resolve();
    signal.throwIfAborted();
    const fault = this.faults.next();
    if (fault !== 'none') throw injected('observe', 'interfaces', fault);
    return this.dump(name).filter(({ ip }) => familyOf(ip) === family);
  }

  /** All addresses as they are, or those of one interface: no fault. */
  dump(name?: string): readonly AddressOnInterface[] {
    const names = name === undefined ? [...this.#links.keys()] : [name];
    return names.flatMap((name) => [...(this.#links.get(name)?.addresses.values() ?? [])]);
  }

  /** What somebody else does to addresses: no fault, and nothing that is counted. */
  meddle(name: string, edits: readonly AddressEdit[]): readonly AddressRefusal[] {
    const link = this.#links.get(name);
    if (link === undefined) throw failure('change', `addresses of ${name}`, ENODEV);
    return edits.flatMap((edit) => {
      const errno = changeAddress(link, name, edit);
      return errno === undefined ? [] : [{ edit, error: failure(edit.change, `address ${edit.ip}`, errno) }];
    });
  }

  /** An interface that is no dummy, somebody else's. */
  addDevice(name: string, addresses: readonly Omit<AddressOnInterface, 'interface'>[] = []): void {
    const link = this.#add(name, false);
    for (const address of addresses) link.addresses.set(address.ip, { interface: name, ...address });
  }

  #add(name: string, isDummy: boolean): FakeLink {
    const link: FakeLink = { index: this.#nextIndex++, isDummy, addresses: new Map() };
    this.#links.set(name, link);
    return link;
  }

  /** There is no halfway in what is one message. */
  #change(operation: string, work: () => void): void {
    const fault = this.faults.next();
    if (fault === 'none' || fault === 'after') work();
    if (fault !== 'none') throw injected(operation, 'interfaces', fault);
  }
}

function changeAddress(link: FakeLink, name: string, { change, ip }: AddressEdit): number | undefined {
  const prefixLength = familyOf(ip) === 'IPv4' ? 32 : 128;
  const present = link.addresses.get(ip);
  if (change === 'add') {
    // An oddity of IPv4: it is done, and there is nothing to be seen of it.
    if (ip === '0.0.0.0') return undefined;
    if (ip === '::' || (ip === '::1' && name !== 'lo') || /^ff[0-9a-f]{2}:/.test(ip)) return EADDRNOTAVAIL;
    if (present === undefined) link.addresses.set(ip, { interface: name, ip, prefixLength, scope: 'global' });
  } else if (present?.prefixLength === prefixLength) {
    link.addresses.delete(ip);
  }
  return undefined;
}
