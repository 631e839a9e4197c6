/** Access to iptables: the tools of one IP family, found once at start (spec § 4.1). */
import { constants } from 'node:os';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { IptablesListing } from './iptables-listing.ts';
import { type IptablesVariant, kernelChains, observeHintedVariant } from './iptables-variant.ts';
import { observeLegacySizes } from './legacy-sizes.ts';
import type { ToolResult, ToolRun, ToolRunner } from './tool-runner.ts';

/** What a backend needs of iptables. All methods throw KernelError. */
export interface IptablesTools {
  readonly variant: IptablesVariant;
  /**
   * A text that is another one when somebody has changed one of the tables, except that a rule was replaced by another one
   * of the same size; undefined if that can't be told, as in nf_tables, which tells of changes by itself.
   */
  stamp(tables: readonly string[]): string | undefined;
  /**
   * Whether one of the tools that this process runs, or has run of late, has this number: another program in a PID namespace of
   * its own can have the same one at another time.
   */
  hasRun(processId: number): boolean;
  /** The lines of `iptables-save -t TABLE`; resolves to what the tool remarked beside. */
  save(table: string, onLine: (line: string) => void, signal: AbortSignal): Promise<readonly string[]>;
  /** `iptables-restore --noflush --counters`; each table is all or nothing. */
  restore(script: Iterable<string>, signal: AbortSignal): Promise<void>;
  /** The rules of one chain as `iptables -S` prints them, or undefined if there is no such chain. */
  list(table: string, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** The same with `-c PACKETS BYTES` in each rule. */
  listCounted(table: string, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined>;
  /** Succeeds if the chain exists already. */
  createChain(table: string, chain: string, signal: AbortSignal): Promise<void>;
}

/**
 * Finds the tools of a family that the proxy works with, and asks for their version: those of the variant that kubelet uses,
 * or what the usual name stands for. Throws a KernelError that says how to get them.
 */
export async function findIptables(
  runner: ToolRunner,
  family: IpFamily,
  signal: AbortSignal,
): Promise<IptablesTools> {
  const tools = await openProxyTools(runner, family, signal);
  await tools.checkNatTable(signal);
  return tools;
}

async function openProxyTools(
  runner: ToolRunner,
  family: IpFamily,
  signal: AbortSignal,
): Promise<RealIptablesTools> {
  const hinted = await hintedVariant(runner, signal);
  if (hinted === undefined) return openTools(runner, usualName(family), signal);
  try {
    return await openVariant(runner, family, hinted, signal);
  } catch (error) {
    // A machine that has no such tools: kubelet must have had them from elsewhere.
    if (!(error instanceof KernelError)) throw error;
    return openTools(runner, usualName(family), signal);
  }
}

/** What was found first counts as long as the process lives, since its rules are there from then on. */
const hintedVariants = new WeakMap<ToolRunner, Promise<IptablesVariant | undefined>>();

function hintedVariant(runner: ToolRunner, signal: AbortSignal): Promise<IptablesVariant | undefined> {
  const known = hintedVariants.get(runner);
  if (known !== undefined) return known;
  const list = async (family: IpFamily, table: string) => {
    const tools = await openVariant(runner, family, 'legacy', signal);
    const lines: string[] = [];
    await tools.save(table, (line) => lines.push(line), signal);
    return lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []);
  };
  const hinted = observeHintedVariant(kernelChains(list), signal);
  hintedVariants.set(runner, hinted);
  hinted.catch(() => hintedVariants.delete(runner));
  return hinted;
}

const SUFFIXES: Readonly<Record<IptablesVariant, string>> = { legacy: '-legacy', nf_tables: '-nft' };

/**
 * The tools of one variant, whatever the usual name stands for. Looks at no table, which may be the same as making it.
 * Throws KernelError.
 */
export function findIptablesVariant(
  runner: ToolRunner,
  family: IpFamily,
  variant: IptablesVariant,
  signal: AbortSignal,
): Promise<IptablesTools> {
  return openVariant(runner, family, variant, signal);
}

async function openVariant(
  runner: ToolRunner,
  family: IpFamily,
  variant: IptablesVariant,
  signal: AbortSignal,
): Promise<RealIptablesTools> {
  const name = usualName(family);
  try {
    const usual = await openTools(runner, name, signal);
    if (usual.variant === variant) return usual;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
  }
  return openTools(runner, name + SUFFIXES[variant], signal);
}

/** Which variant the proxy works with. Throws KernelError. */
export async function usedVariant(
  runner: ToolRunner,
  family: IpFamily,
  signal: AbortSignal,
): Promise<IptablesVariant> {
  return (await openProxyTools(runner, family, signal)).variant;
}

function usualName(family: IpFamily): string {
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

async function openTools(runner: ToolRunner, name: string, signal: AbortSignal): Promise<RealIptablesTools> {
  const result = await askVersion(runner, name, signal);
  const version = /v(\d+)\.(\d+)(?:\.(\d+))?/.exec(result.stdout);
  if (result.status !== 0 || version === null) {
    const [object, detail, mayPass] = ['--version', complaint(result), result.status > 128];
    throw new KernelError({ operation: name, object, detail, mayPass });
  }
  const [major = 0, minor = 0, patch = 0] = version.slice(1).map((part) => Number(part ?? 0));
  // 1.6.2 (2018) brought `MASQUERADE --random-fully` and the lock of iptables-restore.
  if (major * 10_000 + minor * 100 + patch < 1_06_02) {
    throw new KernelError({
      operation: 'use',
      object: name,
      detail: `version ${version[0]} is too old; 1.6.2 or newer is needed`,
    });
  }
  const variant: IptablesVariant = result.stdout.includes('nf_tables') ? 'nf_tables' : 'legacy';
  return new RealIptablesTools(runner, name, variant);
}

async function askVersion(runner: ToolRunner, name: string, signal: AbortSignal): Promise<ToolResult> {
  try {
    return await runner.run({ file: name, args: ['--version'], signal, limitMs: PROBE_LIMIT_MS });
  } catch (cause) {
    if (signal.aborted) throw cause;
    const words = cause instanceof Error ? cause.message : String(cause);
    const isMissing = /ENOENT/.test(words);
    throw new KernelError({
      operation: 'find',
      object: name,
      detail: isMissing
        ? `${name} was not found on the PATH; install it with: apt-get install iptables`
        : words,
      mayPass: !isMissing && !/EACCES|ENOEXEC/.test(words),
      cause,
    });
  }
}

/**
 * Seconds to wait for the lock that all users of the legacy tools share. The other IP family is one of them, and has it as
 * long as it loads its table.
 */
const LOCK_WAIT = ['-w', '60'];
/**
 * Reading 150,000 rules of nf_tables takes the tools a minute and more, and so may a small change to them, before a byte
 * passes that would tell how much there is.
 */
const SAVE_LIMIT_MS = 600_000;
const RESTORE_LIMIT_MS = 300_000;
/** At the start nothing depends on it. */
const SHORT_LOCK_WAIT = ['-w', '5'];
const PROBE_LIMIT_MS = 20_000;

/** By then what the kernel tells of a change has been read. */
const REMEMBERED_MS = 60_000;
/** When the tools of both families have ended, by the numbers of their processes: on the clock of `performance.now()`. */
const runs = new Map<number, number>();

function rememberRun(pid: number, endedMs: number): void {
  runs.set(pid, endedMs);
  for (const [former, endedMs] of runs) if (isForgotten(endedMs)) runs.delete(former);
}

function isForgotten(endedMs: number): boolean {
  return performance.now() - endedMs > REMEMBERED_MS;
}

class RealIptablesTools implements IptablesTools {
  readonly variant: IptablesVariant;
  readonly #runner: ToolRunner;
  readonly #name: string;

  constructor(runner: ToolRunner, name: string, variant: IptablesVariant) {
    this.#runner = runner;
    this.#name = name;
    this.variant = variant;
  }

  stamp(tables: readonly string[]): string | undefined {
    if (this.variant !== 'legacy') return undefined;
    return observeLegacySizes(this.#name.startsWith('ip6') ? 'IPv6' : 'IPv4', tables);
  }

  hasRun(processId: number): boolean {
    const endedMs = runs.get(processId);
    return endedMs !== undefined && !isForgotten(endedMs);
  }

  /**
   * Throws what will not pass by itself: no privilege, no such table in this kernel. Anything else (a busy lock, a table
   * that the tool can't read) is for the first sync to meet, since that is repeated.
   */
  async checkNatTable(signal: AbortSignal): Promise<void> {
    const result = await this.#probe(signal);
    if (result === undefined || result.status === 0) return;
    if (isHopeless(result)) throw this.#error('list', 'nat POSTROUTING', result);
    // The same words for a chain that could not be made, and for one with a rule that the tool can't read.
    if (result.status !== 1 || !(await this.#isReadable('nat', signal))) return;
    throw new KernelError({ operation: this.#name, object: 'nat', detail: 'the kernel has no nat table' });
  }

  async save(table: string, onLine: (line: string) => void, signal: AbortSignal): Promise<readonly string[]> {
    const listing = new IptablesListing(table, onLine);
    const result = await this.#run({
      file: `${this.#name}-save`,
      args: ['-t', table],
      onOutput: (chunk) => listing.push(chunk),
      signal,
      limitMs: SAVE_LIMIT_MS,
    });
    if (result.status !== 0) throw this.#error('save', table, result);
    listing.end();
    if (listing.repeated !== undefined) {
      const detail = `chain ${listing.repeated} was listed more than once: the table was changed during the dump`;
      throw new KernelError({
        operation: `${this.#name} save`,
        object: table,
        detail,
        errno: constants.errno.EINTR,
      });
    }
    const remarks = [...listing.comments, ...linesOf(result.stderr)];
    if (listing.isWhole) return remarks;
    const detail = `the table can't be read: ${remarks.join('; ') || 'the output is incomplete'}`;
    throw new KernelError({ operation: `${this.#name} save`, object: table, detail });
  }

  async restore(script: Iterable<string>, signal: AbortSignal): Promise<void> {
    const result = await this.#run({
      file: `${this.#name}-restore`,
      args: [...LOCK_WAIT, '--noflush', '--counters'],
      input: script,
      signal,
      limitMs: RESTORE_LIMIT_MS,
    });
    if (result.status === 0) return;
    const lineNumber = /line:? (\d+)/.exec(result.stderr)?.[1];
    const line = lineNumber === undefined ? undefined : lineOf(script, Number(lineNumber));
    throw this.#error('restore', line === undefined ? '' : `line ${lineNumber} \`${line}\``, result);
  }

  list(table: string, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#list(table, chain, [], signal);
  }

  listCounted(table: string, chain: string, signal: AbortSignal): Promise<readonly string[] | undefined> {
    return this.#list(table, chain, ['-v'], signal);
  }

  async #list(
    table: string,
    chain: string,
    more: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    const args = [...LOCK_WAIT, ...more, '-S', chain, '-t', table];
    const result = await this.#run({ file: this.#name, args, signal });
    if (result.status === 0) return result.stdout.split('\n').filter((line) => line.startsWith('-A '));
    const isMissing = result.status === 1 && !needsPrivilege(result);
    // Of a chain with a rule that it can't read, iptables-nft says the same as of one that is not there.
    const mayBeThere = /is incompatible/.test(result.stderr) && !(await this.#isReadable(table, signal));
    if (isMissing && !mayBeThere) return undefined;
    throw this.#error('list', `${table} ${chain}`, result);
  }

  async createChain(table: string, chain: string, signal: AbortSignal): Promise<void> {
    const result = await this.#run({
      file: this.#name,
      args: [...LOCK_WAIT, '-N', chain, '-t', table],
      signal,
    });
    if (result.status === 0 || /already exists/.test(result.stderr)) return;
    throw this.#error('create', `${table} ${chain}`, result);
  }

  /** Undefined if it came to no end. */
  async #probe(signal: AbortSignal): Promise<ToolResult | undefined> {
    const args = [...SHORT_LOCK_WAIT, '-S', 'POSTROUTING', '-t', 'nat'];
    try {
      return await this.#run({ file: this.#name, args, signal, limitMs: PROBE_LIMIT_MS });
    } catch (error) {
      if (error instanceof KernelError) return undefined;
      throw error;
    }
  }

  async #isReadable(table: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.save(table, () => undefined, signal);
      return true;
    } catch (error) {
      if (error instanceof KernelError) return false;
      throw error;
    }
  }

  async #run(run: ToolRun): Promise<ToolResult> {
    let pid: number | undefined;
    const onStarted = (started: number) => {
      pid = started;
      rememberRun(started, Number.POSITIVE_INFINITY);
    };
    try {
      return await this.#runner.run({ ...run, onStarted });
    } catch (cause) {
      if (run.signal?.aborted) throw cause;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new KernelError({ operation: 'run', object: run.file, detail, cause });
    } finally {
      if (pid !== undefined) rememberRun(pid, performance.now());
    }
  }

  #error(verb: string, object: string, result: ToolResult): KernelError {
    const hint = needsPrivilege(result) ? ' (run as root or with CAP_NET_ADMIN)' : '';
    return new KernelError({
      operation: `${this.#name} ${verb}`,
      object,
      detail: complaint(result) + hint,
    });
  }
}

/** The tool's own message on one line. */
function complaint(result: ToolResult): string {
  const lines = linesOf(result.stderr).filter((line) => !line.startsWith('Warning: '));
  return lines.join('; ') || `exit status ${result.status}`;
}

function linesOf(stderr: string): readonly string[] {
  return stderr
    .split('\n')
    .map((line) => line.trim().replace(/^# /, ''))
    .filter((line) => line !== '' && !line.startsWith('Try `'));
}

function needsPrivilege({ stderr }: ToolResult): boolean {
  return /Permission denied|not permitted/i.test(stderr);
}

/** It will fail for the same reason as long as this process lives. */
function isHopeless(result: ToolResult): boolean {
  return needsPrivilege(result) || /does not exist|not supported/i.test(result.stderr);
}

function lineOf(script: Iterable<string>, number: number): string | undefined {
  let passed = 0;
  for (const piece of script) {
    const lines = piece.split('\n');
    const line = lines[number - passed - 1];
    if (line !== undefined && number - passed <= lines.length - 1) return line;
    passed += lines.length - 1;
  }
  return undefined;
}
