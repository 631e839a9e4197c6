/** What answers for addresses on the segments of this node, from user space (load-balancer § 5.5): no interface has them. */

/** An interface of this node, as far as announcing is concerned. */
export interface AnnouncingInterface {
  readonly name: string;
  readonly index: number;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
  /** Up, with carrier, no loopback, not NOARP, no bridge port or bond slave. Undefined: usable; else why it is not. */
  readonly unusable: string | undefined;
  /** What is on-link there: canonical CIDRs of both families. */
  readonly onLink: readonly string[];
}

/** An address that this node answers for. */
export interface Announcement {
  /** Canonical. */
  readonly address: string;
  /** Names of interfaces. */
  readonly interfaces: readonly string[];
}

/** Somebody else on the segment says that an address is theirs: an ARP packet with it as sender, an advertisement for it. */
export interface Claim {
  readonly address: string;
  readonly interface: string;
  readonly mac: string;
}

/** Of one address on one interface: what is so, for `/status` and the comparison with what is wanted. */
export interface AnnouncementState {
  readonly address: string;
  readonly interface: string;
  readonly isAnswering: boolean;
  /** Why not, when it is not. */
  readonly reason: string | undefined;
  /** Requests and solicitations for it. */
  readonly requests: number;
  readonly answers: number;
  readonly gratuitous: number;
}

/** How an address is asked for. */
export interface ProbeTiming {
  /** How many questions. */
  readonly count: number;
  /** Between two questions, and after the last. */
  readonly intervalMs: number;
}

export interface Speaker {
  /**
   * From now on exactly these are answered for. The neighbours are told at once of those that are new, and again for some
   * seconds; for one that is gone nothing is answered any more.
   */
  apply(wanted: readonly Announcement[]): void;
  observe(): readonly AnnouncementState[];
  /** All there are; the same list as long as nothing changed. */
  readonly interfaces: readonly AnnouncingInterface[];
  /** Tells the neighbours once more who has the address. */
  defend(address: string): void;
  /**
   * Asks whether somebody else has the address, as a newcomer would (RFC 5227 probe, RFC 4862 solicitation).
   * The MAC address of who answers first; undefined: nobody did.
   */
  probe(
    address: string,
    interfaceName: string,
    timing: ProbeTiming,
    signal: AbortSignal,
  ): Promise<string | undefined>;
  /** Listeners are told at once. */
  onClaim(listener: (claim: Claim) => void): Disposable;
  onInterfaces(listener: () => void): Disposable;
  /** This process did not run for so long that another node may have its addresses now. Listeners are told before it says anything. */
  onStandstill(listener: () => void): Disposable;
}
