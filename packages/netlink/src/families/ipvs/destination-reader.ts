/** Destinations as the kernel lists them (linux/ip_vs.h: IPVS_DEST_ATTR_*), read where they lie. */
import { formatHostPort, type IpFamily } from '../../address.ts';
import { AsciiWriter } from '../../ascii-writer.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { GENERIC_HEADER_SIZE } from '../../generic-constants.ts';
import { KernelError } from '../../kernel-error.ts';
import { malformed, viewOf } from '../../message.ts';
import { placeAddress, readAddress, readPort, readU16, readU32 } from './attribute-fields.ts';
import { IPVS_CMD_ATTR, IPVS_DEST_ATTR } from './constants.ts';
import type { Counters, ForwardingMethod, ObservedDestination } from './contract.ts';
import { readCounters } from './counters.ts';
import { FORWARDING_METHODS } from './numbers.ts';

/** All that is said is about the payload given to {@link read} last, and only as long as that is not overwritten. */
export class DestinationReader {
  readonly #serverFamily: IpFamily;
  readonly #text = new AsciiWriter();
  #bytes: Uint8Array = new Uint8Array();
  #view = viewOf(this.#bytes);
  #domain = 0;
  /** -1: there is none. */
  #addressAt = -1;
  #port = 0;
  #forwarding = 0;
  #weight = 0;
  #active = 0;
  #inactive = 0;
  #persistent = 0;
  #countersFrom = 0;
  #countersTo = 0;

  /** @param serverFamily of the virtual server; a tunnel may lead to a destination of the other one */
  constructor(serverFamily: IpFamily) {
    this.#serverFamily = serverFamily;
  }

  /** Throws KernelError when malformed. */
  read(payload: Uint8Array): void {
    this.#bytes = payload;
    this.#view = viewOf(payload);
    this.#domain = this.#port = this.#forwarding = this.#weight = 0;
    this.#addressAt = -1;
    this.#active = this.#inactive = this.#persistent = this.#countersFrom = this.#countersTo = 0;
    forEachAttribute(payload, GENERIC_HEADER_SIZE, payload.length, this.#takeDestination);
    if (this.#addressAt < 0) throw malformed('destination', 0, payload.length);
  }

  /** Throws KernelError when malformed, as the next ones. */
  destination(): ObservedDestination {
    return {
      ip: this.#ip(),
      port: this.#port,
      weight: this.#weight,
      forwarding: this.#forwardingMethod(),
      activeConnections: this.#active,
      inactiveConnections: this.#inactive,
      persistentConnections: this.#persistent,
    };
  }

  /** `10.0.0.1:80` */
  key(): string {
    return formatHostPort(this.#ip(), this.#port);
  }

  counters(): Counters {
    return readCounters(this.#bytes, this.#countersFrom, this.#countersTo);
  }

  #ip(): string {
    return readAddress(this.#bytes, this.#addressAt, this.#family(), this.#text);
  }

  #family(): IpFamily {
    if (this.#domain === AF_INET) return 'IPv4';
    return this.#domain === AF_INET6 ? 'IPv6' : this.#serverFamily;
  }

  #forwardingMethod(): ForwardingMethod {
    const method = FORWARDING_METHODS[this.#forwarding];
    if (method !== undefined) return method;
    const detail = `there is no forwarding method ${this.#forwarding}`;
    throw new KernelError({ operation: 'decode', object: `destination ${this.key()}`, detail });
  }

  readonly #takeDestination = (type: number, from: number, to: number): void => {
    if (type === IPVS_CMD_ATTR.DEST) forEachAttribute(this.#bytes, from, to, this.#takeAttribute);
  };

  readonly #takeAttribute = (type: number, from: number, to: number): void => {
    switch (type) {
      case IPVS_DEST_ATTR.ADDR:
        this.#addressAt = placeAddress(from, to);
        return;
      case IPVS_DEST_ATTR.PORT:
        this.#port = readPort(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.FWD_METHOD:
        this.#forwarding = readU32(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.WEIGHT:
        this.#weight = readU32(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.ACTIVE_CONNS:
        this.#active = readU32(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.INACT_CONNS:
        this.#inactive = readU32(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.PERSIST_CONNS:
        this.#persistent = readU32(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.ADDR_FAMILY:
        this.#domain = readU16(this.#view, from, to);
        return;
      case IPVS_DEST_ATTR.STATS64:
        this.#countersFrom = from;
        this.#countersTo = to;
    }
  };
}
