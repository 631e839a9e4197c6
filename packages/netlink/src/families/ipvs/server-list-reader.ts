/** The kernel's list of all virtual servers, of which those of one address family are wanted. */
import type { IpFamily } from '../../address.ts';
import type { DumpReader } from '../../connection.ts';
import type { NetlinkMessage } from '../../message.ts';
import type { Frontend, FrontendKey } from './contract.ts';
import { formatFrontend } from './frontend.ts';
import { ServerReader } from './server-reader.ts';

/** Reads the virtual servers of one family from a dump. */
export class ServerListReader<T> implements DumpReader<ReadonlyMap<FrontendKey, T>> {
  readonly #family: IpFamily;
  readonly #readValue: (reader: ServerReader, frontend: Frontend) => T;
  readonly #reader = new ServerReader();
  readonly #seen = new Set<FrontendKey>();
  readonly #values = new Map<FrontendKey, T>();
  #isTwice = false;

  constructor(family: IpFamily, readValue: (reader: ServerReader, frontend: Frontend) => T) {
    this.#family = family;
    this.#readValue = readValue;
  }

  read({ payload }: NetlinkMessage): void {
    const frontend = this.#reader.read(payload);
    if (frontend === undefined) return;
    const key = formatFrontend(frontend);
    if (this.#seen.has(key)) this.#isTwice = true;
    this.#seen.add(key);
    if (frontend.family === this.#family) this.#values.set(key, this.#readValue(this.#reader, frontend));
  }

  /**
   * The kernel goes on where it was by the number of servers it has listed. Since Linux 7 their table grows and shrinks,
   * in the background, which puts them into another order: then as many are missing as come twice.
   */
  flaw(): string | undefined {
    return this.#isTwice ? 'the kernel reordered its table' : undefined;
  }

  result(): ReadonlyMap<FrontendKey, T> {
    return this.#values;
  }
}
