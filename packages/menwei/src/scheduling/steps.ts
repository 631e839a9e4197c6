/** Long work of pure functions: they yield now and then, and whoever drives them may let other work run first. */

export type Steps<Result> = Generator<void, Result>;

/** Work that was so short that it is done. */
// biome-ignore lint/correctness/useYield: there is nothing left to do.
export function* done<Result>(result: Result): Steps<Result> {
  return result;
}

/** Drives the work to its end without a pause. */
export function atOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}
