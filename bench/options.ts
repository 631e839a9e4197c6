/** Options that benchmarks share, for commander. */
import { InvalidArgumentError, Option } from 'commander';

export function positive(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1) throw new InvalidArgumentError('not a positive whole number');
  return number;
}

export function natural(text: string): number {
  return text === '0' ? 0 : positive(text);
}

/** `1,5000` */
export function positives(text: string): readonly number[] {
  return text.split(',').map(positive);
}

/** For {@link chooseVariant}. */
export function toolsOption(): Option {
  return new Option('--tools <variant>', 'iptables tools; legacy ones load large tables many times faster')
    .choices(['legacy', 'nf_tables', 'default'])
    .default('legacy');
}

export function progress(message: string): void {
  process.stderr.write(`${message}\n`);
}
