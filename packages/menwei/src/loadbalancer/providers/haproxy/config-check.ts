/** What HAProxy says about a configuration before it is to run it, and whose fault it is. */
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { ProviderError } from '../provider.ts';

/** Something that HAProxy refuses. */
export interface Complaint {
  /** In HAProxy's words. */
  readonly message: string;
  /** The name of the section, where it is one of the file that was checked; empty otherwise. */
  readonly section: string;
}

const CHECK_LIMIT_MS = 60_000;
const ALERT = /^\[ALERT\]\s+\(\d+\)\s*:\s*(?<message>.*)$/;
/** Said of every configuration that is refused, after what is the matter. */
const SUMMARY =
  /^(config : )?(Error\(s\) found in configuration file|Fatal errors found in configuration|\[haproxy\.main\(\)\])/;

export interface ConfigCheckOptions {
  readonly tools: ToolRunner;
  /** A name that is looked up on the PATH, or an absolute path. */
  readonly binary: string;
  /** Read before the file itself, in this order. */
  readonly baseFiles: readonly string[];
}

/** Asks HAProxy about a file. Nothing: it takes it. */
export async function checkConfig(
  { tools, binary, baseFiles }: ConfigCheckOptions,
  file: string,
  text: string,
  signal: AbortSignal,
): Promise<readonly Complaint[]> {
  const args = ['-c', ...[...baseFiles, file].flatMap((one) => ['-f', one])];
  const result = await runHAProxy(tools, binary, args, signal);
  if (result.status === 0) return [];
  const complaints = readComplaints(result.stderr, file, text);
  if (complaints.length > 0) return complaints;
  return [{ message: `haproxy -c ended with status ${result.status}: ${result.stderr.trim()}`, section: '' }];
}

async function runHAProxy(tools: ToolRunner, binary: string, args: readonly string[], signal: AbortSignal) {
  try {
    return await tools.run({ file: binary, args, signal, limitMs: CHECK_LIMIT_MS });
  } catch (cause) {
    signal.throwIfAborted();
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ProviderError(`${binary} can't check a configuration: ${why}`);
  }
}

/** The alerts of an HAProxy, whichever way it was started. */
export function readComplaints(stderr: string, file: string, text: string): readonly Complaint[] {
  const messages = stderr.split('\n').flatMap((line) => ALERT.exec(line.trim())?.groups?.message ?? []);
  return messages
    .filter((message) => !SUMMARY.test(message))
    .map((message) => ({
      message: message.replace(/^config : /, ''),
      section: sectionOf(message, file, text),
    }));
}

/** By the line that HAProxy names, or else by the name of the section. */
function sectionOf(message: string, file: string, text: string): string {
  const lines = text.split('\n');
  const at = message.indexOf(`[${file}:`);
  const number = at < 0 ? 0 : Number.parseInt(message.slice(at + file.length + 2), 10);
  for (let index = number; index > 0; index--) {
    const name = headingName(lines[index - 1] ?? '');
    if (name !== undefined) return name;
  }
  const names = lines.flatMap((line) => headingName(line) ?? []);
  return names.filter((name) => message.includes(name)).sort((a, b) => b.length - a.length)[0] ?? '';
}

function headingName(line: string): string | undefined {
  return /^(?:listen|frontend|backend|defaults|peers) (\S+)/.exec(line)?.[1];
}
