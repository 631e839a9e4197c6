/** Text of others that has no bound of its own, for a line that somebody reads. */

/** Container runtimes split lines that are longer than 16 KiB. */
const MOST_CHARACTERS = 8 * 1024;

/** The beginning of a long text, and how long it is. */
export function cutText(text: string): string {
  return text.length <= MOST_CHARACTERS
    ? text
    : `${text.slice(0, MOST_CHARACTERS)}… (${text.length} characters)`;
}
