/** What one service port needs of the table, as data (the Unit of this backend). */
import type { Bytes, Chain, Element, SetDeclaration } from '@menwei/netlink/nftables';
import type { ServicePort } from '../../state/service-port.ts';
import type { Among, RememberedIn } from './affinity.ts';
import type { FrontendKind } from './names.ts';
import type { Pick } from './pick-chains.ts';

/** A frontend that leads to endpoints, and to which of them. */
export interface Frontend {
  readonly kind: FrontendKind;
  /** What the keys of the maps begin with: address, protocol and port, or without the address for a NodePort. */
  readonly key: Bytes;
  /** Which of the maps of endpoints they are in. */
  readonly part: number;
  readonly usesAll: boolean;
  readonly usesLocal: boolean;
}

/** An element and the set it is in. */
export interface Member {
  readonly set: string;
  readonly element: Element;
}

/** By the endpoint's value; undefined: as many as it has. */
type WholeSlots = Readonly<Record<Among, ReadonlyMap<Bytes, number> | undefined>>;

export interface NftablesUnit {
  /** The service port, as its elements' comments say it: `ns/web:http`. */
  readonly comment: string;
  /** Endpoints for Cluster policies, as values of the maps: by slot, one after the other, and more than once by their weights. */
  readonly all: Bytes;
  /** Endpoints on this node, for Local policies. */
  readonly local: Bytes;
  /** While endpoints are in slow start: how many slots each is to have in the end. */
  readonly whole: WholeSlots | undefined;
  /** What it was compiled from, if endpoints have weights: then more than one number of slots may be right. */
  readonly weighed: ServicePort | undefined;
  readonly frontends: readonly Frontend[];
  /** With session affinity: the chains that remember clients of an endpoint, by where it stands: in `all`, in `local`, in both. */
  readonly remember: Readonly<Partial<Record<RememberedIn, string>>>;
  /** Elements that no other unit has, beside those of the endpoints. */
  readonly members: readonly Member[];
  /** Elements that another unit may have too: a ClusterIP with two ports, a pod behind two Services. */
  readonly shared: readonly Member[];
  /** What its elements lead to, shared with other units. */
  readonly picks: readonly Pick[];
  /** Chains and maps that no other unit has: of Services with session affinity. */
  readonly chains: readonly Chain[];
  readonly sets: readonly SetDeclaration[];
}
