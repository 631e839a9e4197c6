/** Text that is not what a tool prints, or that says more than there is data for. */
export class UnreadableError extends Error {
  /** @param kind what it should have been: `a line of ipvsadm -Sn` */
  constructor(kind: string, text: string, why = '') {
    super(`not ${kind}: ${JSON.stringify(text.slice(0, LONGEST_QUOTE))}${why === '' ? '' : ` (${why})`}`);
    this.name = 'UnreadableError';
  }
}

const LONGEST_QUOTE = 200;
