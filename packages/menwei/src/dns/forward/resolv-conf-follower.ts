/** Follows /etc/resolv.conf: what a DHCP client writes there later is used without a restart. */
import { readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { parseIp } from '@menwei/addresses/ip.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import { type NameServers, parseResolvConf } from './resolv-conf.ts';
import { formatUpstream, isOurselves, type OwnAddress, type UpstreamAddress } from './upstream-address.ts';

/** The file is often a link, or replaced as a whole: looking is what always works. */
const LOOK_MS = 5_000;

export interface ResolvConf {
  readonly path: string;
  /** Where this process answers. */
  readonly own: readonly OwnAddress[];
  /** How often it is looked at; {@link LOOK_MS} unless given. */
  readonly lookMs?: number;
}

/** One line that says why a list of upstreams can't be used; undefined: it can. */
export function refuseOurselves(
  upstreams: readonly UpstreamAddress[],
  own: readonly OwnAddress[],
): string | undefined {
  const machine = machineAddresses();
  const self = upstreams.find((upstream) => isOurselves(upstream, own, machine));
  return (
    self && `upstream ${formatUpstream(self)} is this DNS server itself: questions would go round for ever`
  );
}

/** The name servers of the file; text: why it gives none, in one line that names the file. */
export async function readResolvConf({ path, own }: ResolvConf): Promise<NameServers | string> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return `${path}: ${formatErrorChain(error)}`;
  }
  const { upstreams, problems } = parseResolvConf(text);
  if (upstreams.length === 0) return `${path}: ${problems[0] ?? 'there is no line "nameserver ADDRESS"'}`;
  const refused = refuseOurselves(upstreams, own);
  return refused === undefined
    ? { upstreams, problems: problems.map((problem) => `${path}: ${problem}`) }
    : `${path}: ${refused}`;
}

/**
 * Tells of the upstreams whenever the file names others. What is wrong with it is said once; a file that gives none changes nothing.
 *
 * @param former as they were read at the start
 */
export async function followResolvConf(
  file: ResolvConf,
  former: readonly UpstreamAddress[],
  take: (upstreams: readonly UpstreamAddress[]) => void,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  let used = listUpstreams(former);
  let said = '';
  while (!signal.aborted) {
    await pause(file.lookMs ?? LOOK_MS, signal);
    if (signal.aborted) return;
    const read = await readResolvConf(file);
    const wrong = typeof read === 'string' ? read : read.problems.join('; ');
    if (wrong !== said && wrong !== '')
      logger.error({ err: wrong, path: file.path }, 'resolv.conf has errors');
    said = wrong;
    if (typeof read === 'string' || listUpstreams(read.upstreams) === used) continue;
    used = listUpstreams(read.upstreams);
    logger.info({ path: file.path, upstreams: used }, 'upstreams have changed');
    take(read.upstreams);
  }
}

function listUpstreams(upstreams: readonly UpstreamAddress[]): string {
  return upstreams.map(formatUpstream).join(', ');
}

function machineAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses = []) =>
    addresses.map(({ address }) => parseIp(address) ?? address),
  );
}
