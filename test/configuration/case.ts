/** One case of the table in test/configuration.test.ts: what is given, and what kube-proxy makes of it by spec § 10. */
import type { Settings } from 'menwei/config/settings.ts';

type Part<Value> = Value extends readonly unknown[]
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]?: Part<Value[Key]> }
    : Value;

export interface ConfigurationCase {
  readonly name: string;
  /** The command line, its parts separated by blanks. */
  readonly args?: string;
  /** The file that --config names, without apiVersion and kind. */
  readonly file?: string;
  /** What is in effect. */
  readonly settings?: Part<Settings>;
  /** How each line begins that refuses it, in any order. Absent: it is accepted. */
  readonly refused?: readonly string[];
  /** A part of what is warned of. Absent: nothing is. */
  readonly warned?: readonly RegExp[];
}
