/** What is wrong with objects, in the log: thousands may be wrong for one reason, and a log has to stay readable. */
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import { MOST_LINES } from '../log/first-lines.ts';
import type { Logger } from '../log/logger.ts';

const WINDOW_MS = 10_000;

/** Shows the first problems, and counts those that come soon after them. */
export class ProblemLog {
  readonly #logger: Logger;
  #shown = 0;
  #hidden = 0;
  #window: NodeJS.Timeout | undefined;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  report(problem: Problem): void {
    this.#window ??= setTimeout(() => this.flush(), WINDOW_MS).unref();
    if (this.#shown >= MOST_LINES) this.#hidden++;
    else {
      this.#shown++;
      this.#logger.warn({}, formatProblem(problem));
    }
  }

  /** Says how many were not shown; what comes next is shown again. */
  flush(): void {
    clearTimeout(this.#window);
    this.#window = undefined;
    if (this.#hidden > 0) {
      this.#logger.warn({ count: this.#hidden }, `and ${this.#hidden} more messages about objects`);
    }
    this.#shown = 0;
    this.#hidden = 0;
  }
}
