/** The question of a DNS message, and the numbers of the registry that the program knows (RFC 1035 § 3.2, RFC 6895). */

export const TYPE = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
  ANY: 255,
} as const;

export const CLASS_IN = 1;

export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  /** With EDNS: its upper bits are in the OPT record. */
  BADVERS: 16,
} as const;

export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export interface Question {
  /**
   * In lower case, without the final dot; the root is empty. Bytes outside of ASCII are as in latin1. A dot or a backslash inside
   * of a label has a backslash before it, so no label looks like two.
   */
  readonly name: string;
  readonly type: number;
  readonly class: number;
}
