/** What goes on at the same time, and none of it without the rest. */

/** Runs all of it until the signal fires; when one ends or fails, the others are told to end, too. Rejects with the first failure. */
export async function sideBySide(
  works: readonly ((signal: AbortSignal) => Promise<void>)[],
  signal: AbortSignal,
): Promise<void> {
  const over = new AbortController();
  const anySignal = AbortSignal.any([signal, over.signal]);
  await Promise.all(works.map((work) => work(anySignal).finally(() => over.abort())));
}
