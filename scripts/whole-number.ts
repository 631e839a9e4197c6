/** Numbers on the command lines of stress tests; a wrong one ends the program. */

/** Exit status 2: wrong usage. */
export function fail(message: string): never {
  process.stderr.write(`stress: ${message}\n`);
  process.exit(2);
}

export function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) fail(`--${option}: ${text} is not a whole number`);
  return Number(text);
}
