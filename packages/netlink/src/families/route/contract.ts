/** Interfaces and their addresses as a program sees them: the kernel's own (client.ts), or a fake of them. */
import type { IpFamily } from '../../address.ts';
import type { KernelError } from '../../kernel-error.ts';

/** A network interface. */
export interface Link {
  /** No other interface of the network namespace ever gets this number. */
  readonly index: number;
  readonly name: string;
  /** `veth`; undefined for what stands for a real device. */
  readonly kind: string | undefined;
  /** Whether it is set up (`ip link set … up`), cable or not. */
  readonly isUp: boolean;
  /** It is up, and there is somebody or something at the other end of the cable. */
  readonly hasCarrier: boolean;
  readonly isLoopback: boolean;
  /** Nobody is asked on it who has an address. */
  readonly isNoArp: boolean;
  /** Of an Ethernet interface: `02:00:00:00:00:01`. */
  readonly mac: string | undefined;
  /** The interface that it is a part of, as the port of a bridge is; `kind` as above. */
  readonly master: { readonly index: number; readonly kind: string | undefined } | undefined;
}

/** Interfaces that lead nowhere by themselves, and can carry addresses. */
export type PlainLinkKind = 'dummy' | 'ifb';

/** An address of this machine. */
export interface AddressOnInterface {
  readonly interface: string;
  /** Canonical. */
  readonly ip: string;
  /** Bits. */
  readonly prefixLength: number;
  readonly scope: 'global' | 'link' | 'host';
  /**
   * Of IPv6. `tentative`: nothing is accepted at it, since another machine may have it, or has it. `passing`: it works, but
   * new connections should not be made from it, since it is deprecated or was made for privacy's sake.
   */
  readonly state?: 'tentative' | 'passing' | undefined;
}

/** One change of the addresses of an interface. */
export interface AddressEdit {
  readonly change: 'add' | 'remove';
  /** With the longest prefix there is, canonical. One that is there already, or is gone already, is all right. */
  readonly ip: string;
}

/** An edit that was not made, and why. */
export interface AddressRefusal {
  readonly edit: AddressEdit;
  readonly error: KernelError;
}

/** Reads and changes interfaces and their addresses. */
export interface LinkClient {
  /** Makes sure there is a dummy interface of this name, and that addresses on it work. Throws KernelError. */
  applyDummy(name: string): void;
  /** All right if there is none. Throws KernelError. */
  removeLink(name: string): void;
  /** Whether there is an interface of this name. Throws KernelError. */
  hasLink(name: string): boolean;
  /** The number of an interface, by which news tells of it; no later one gets it. Throws KernelError. */
  indexOf(name: string): number | undefined;
  /** Puts addresses on an interface and takes others off, in few datagrams. Throws KernelError. */
  applyAddresses(
    name: string,
    edits: readonly AddressEdit[],
    signal: AbortSignal,
  ): Promise<readonly AddressRefusal[]>;
  /** All addresses of a family on all interfaces, or on one. Throws KernelError. */
  observeAddresses(
    family: IpFamily,
    signal: AbortSignal,
    name?: string,
  ): Promise<readonly AddressOnInterface[]>;
}
