/** Virtual servers as the kernel lists them (linux/ip_vs.h: IPVS_SVC_ATTR_*), read where they lie. */
import type { IpFamily } from '../../address.ts';
import { AsciiWriter } from '../../ascii-writer.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import { AF_INET, AF_INET6 } from '../../ffi.ts';
import { GENERIC_HEADER_SIZE } from '../../generic-constants.ts';
import { malformed, viewOf } from '../../message.ts';
import { protocolOfNumber } from '../../protocol.ts';
import { SharedTexts } from '../../text.ts';
import { placeAddress, readAddress, readPort, readU16, readU32 } from './attribute-fields.ts';
import { IPVS_CMD_ATTR, IPVS_SVC_ATTR } from './constants.ts';
import { type Counters, type Frontend, SERVER_PERSISTENT, type VirtualServer } from './contract.ts';
import { readCounters } from './counters.ts';

/** IP_VS_SVC_F_HASHED: the kernel's own note to itself. */
const HASHED = 0x2;

const FAMILIES: ReadonlyMap<number, IpFamily> = new Map([
  [AF_INET, 'IPv4'],
  [AF_INET6, 'IPv6'],
]);

/** All that is said is about the payload given to {@link read} last, and only as long as that is not overwritten. */
export class ServerReader {
  readonly #text = new AsciiWriter();
  readonly #schedulers = new SharedTexts();
  #bytes: Uint8Array = new Uint8Array();
  #view = viewOf(this.#bytes);
  #domain = 0;
  #protocol = 0;
  /** -1: there is none. */
  #addressAt = -1;
  #port = 0;
  #mark = 0;
  #scheduler = '';
  #flags = 0;
  #timeoutSeconds = 0;
  #countersFrom = 0;
  #countersTo = 0;

  /** Undefined: it is of a family or a protocol that we don't know. Throws KernelError when malformed. */
  read(payload: Uint8Array): Frontend | undefined {
    this.#bytes = payload;
    this.#view = viewOf(payload);
    this.#domain = this.#protocol = this.#port = this.#mark = 0;
    this.#addressAt = -1;
    this.#scheduler = '';
    this.#flags = this.#timeoutSeconds = this.#countersFrom = this.#countersTo = 0;
    forEachAttribute(payload, GENERIC_HEADER_SIZE, payload.length, this.#takeServer);
    return this.#frontend();
  }

  server(frontend: Frontend): VirtualServer {
    const flags = (this.#flags & ~HASHED) >>> 0;
    return {
      frontend,
      scheduler: this.#scheduler,
      flags,
      timeoutSeconds: (flags & SERVER_PERSISTENT) === 0 ? 0 : this.#timeoutSeconds,
    };
  }

  /** Throws KernelError when malformed. */
  counters(): Counters {
    return readCounters(this.#bytes, this.#countersFrom, this.#countersTo);
  }

  #frontend(): Frontend | undefined {
    const family = FAMILIES.get(this.#domain);
    if (family === undefined) return undefined;
    if (this.#mark !== 0) return { family, mark: this.#mark };
    const protocol = protocolOfNumber(this.#protocol);
    if (protocol === undefined) return undefined;
    if (this.#addressAt < 0) throw malformed('virtual server', 0, this.#bytes.length);
    const ip = readAddress(this.#bytes, this.#addressAt, family, this.#text);
    return { family, protocol, ip, port: this.#port };
  }

  readonly #takeServer = (type: number, from: number, to: number): void => {
    if (type === IPVS_CMD_ATTR.SERVICE) forEachAttribute(this.#bytes, from, to, this.#takeAttribute);
  };

  readonly #takeAttribute = (type: number, from: number, to: number): void => {
    switch (type) {
      case IPVS_SVC_ATTR.AF:
        this.#domain = readU16(this.#view, from, to);
        return;
      case IPVS_SVC_ATTR.PROTOCOL:
        this.#protocol = readU16(this.#view, from, to);
        return;
      case IPVS_SVC_ATTR.ADDR:
        this.#addressAt = placeAddress(from, to);
        return;
      case IPVS_SVC_ATTR.PORT:
        this.#port = readPort(this.#view, from, to);
        return;
      case IPVS_SVC_ATTR.FWMARK:
        this.#mark = readU32(this.#view, from, to);
        return;
      case IPVS_SVC_ATTR.SCHED_NAME:
        this.#scheduler = this.#schedulers.read(this.#bytes, from, to);
        return;
      case IPVS_SVC_ATTR.FLAGS:
        // struct ip_vs_flags: values and a mask.
        if (to - from !== 8) throw malformed('attribute', from, to - from);
        this.#flags = readU32(this.#view, from, from + 4);
        return;
      case IPVS_SVC_ATTR.TIMEOUT:
        this.#timeoutSeconds = readU32(this.#view, from, to);
        return;
      case IPVS_SVC_ATTR.STATS64:
        this.#countersFrom = from;
        this.#countersTo = to;
    }
  };
}
