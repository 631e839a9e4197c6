/** What a player says of the rounds it played. */

/** What became of a round. */
export interface Result {
  readonly mode: string;
  readonly seed: number;
  readonly seconds: number;
  /** Undefined: all was right. */
  readonly failure?: string;
  readonly story?: readonly string[];
}

/** Exit status of a player whose last round hung. */
export const HUNG = 3;
