/** The modes that the behaviour suite holds to the same promises. */

/** A program and its arguments, run inside a node. */
export type Command = readonly [file: string, ...args: readonly string[]];

/** How somebody else could destroy what the proxy has programmed. */
export interface Flush {
  readonly title: string;
  readonly commands: readonly Command[];
}

export interface Mode {
  readonly name: string;
  /** What `menwei run` is told beside what all modes are told. */
  readonly flags: readonly string[];
  /** Programs that the proxy finds first, by name: their files. */
  readonly tools: Readonly<Record<string, string>>;
  /** Print all that the mode keeps in the kernel, byte for byte the same as long as nothing touches it. */
  readonly dump: readonly Command[];
  /** As `dump`, with packet counts, which a rule that is written anew has lost. */
  readonly dumpCounted: readonly Command[];
  readonly flushes: readonly Flush[];
  /** Promises that this mode cannot keep: the title of the test, and why. Such a test is not registered. */
  readonly exceptions: Readonly<Record<string, string>>;
}

const IPTABLES_PROGRAMS = ['iptables', 'ip6tables'].flatMap((name) => [
  name,
  `${name}-save`,
  `${name}-restore`,
]);
const IPTABLES_TABLES = ['filter', 'nat', 'mangle'];

function iptables(variant: 'nft' | 'legacy'): Mode {
  return {
    name: `iptables-${variant}`,
    flags: ['--proxy-mode=iptables'],
    tools: Object.fromEntries(
      IPTABLES_PROGRAMS.map((program) => [program, `/usr/sbin/xtables-${variant}-multi`]),
    ),
    dump: ['iptables', 'ip6tables'].flatMap((name) =>
      IPTABLES_TABLES.map((table): Command => [`${name}-save`, '-t', table]),
    ),
    dumpCounted: ['iptables', 'ip6tables'].flatMap((name) =>
      IPTABLES_TABLES.map((table): Command => [`${name}-save`, '-c', '-t', table]),
    ),
    flushes: [
      {
        title: 'the nat tables are flushed',
        commands: ['iptables', 'ip6tables'].map((name): Command => [name, '-w', '-t', 'nat', '-F']),
      },
      {
        title: 'every chain of every table is flushed and deleted',
        commands: ['iptables', 'ip6tables'].flatMap((name) =>
          IPTABLES_TABLES.flatMap((table): Command[] => [
            [name, '-w', '-t', table, '-F'],
            [name, '-w', '-t', table, '-X'],
          ]),
        ),
      },
    ],
    exceptions: {},
  };
}

export const MODES: readonly Mode[] = [iptables('nft'), iptables('legacy')];
