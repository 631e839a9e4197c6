/**
 * What is said to a question, as bytes that stand behind it. Made once and sent many times: nothing in it depends on who asks.
 * Its names may point to offset 12, where the name of the question is, and into that name (RFC 1035 § 4.1.4).
 */
/** Records of one section, TTLs in them. */
export interface RecordList {
  readonly bytes: Uint8Array;
  /** Where each record begins, and at last where they end: one more than there are records. */
  readonly offsets: readonly number[];
}

export const NO_RECORDS: RecordList = { bytes: new Uint8Array(0), offsets: [0] };

export interface Answer {
  /** One of `RCODE`, or what an upstream said. */
  readonly rcode: number;
  /** The answer is out of a zone of ours (flag AA). */
  readonly authoritative: boolean;
  /** Who said it has verified its signatures (flag AD). */
  readonly isAuthentic?: boolean;
  readonly answer: RecordList;
  readonly authority: RecordList;
  readonly additional: RecordList;
  /** The records of the answer begin with any of them: clients take the first. */
  readonly rotates: boolean;
}

/** An answer without a record. */
export function bareAnswer(rcode: number): Answer {
  return {
    rcode,
    authoritative: false,
    answer: NO_RECORDS,
    authority: NO_RECORDS,
    additional: NO_RECORDS,
    rotates: false,
  };
}

/** The name is another one's alias: the target's records belong behind its CNAME record, whoever has them. */
export interface Alias {
  /** In the form of `Question.name`. */
  readonly target: string;
  readonly cname: RecordList;
}
