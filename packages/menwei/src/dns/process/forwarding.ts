/** Who is asked for names of others: found at the start, and followed where a file says it. */
import type { Component } from '../../agent/component.ts';
import type { Logger } from '../../log/logger.ts';
import { UserError } from '../../setup/failure.ts';
import { DnsForwarder, type ForwardObserver } from '../forward/forwarder.ts';
import {
  followResolvConf,
  type ResolvConf,
  readResolvConf,
  refuseOurselves,
} from '../forward/resolv-conf-follower.ts';
import { formatUpstream, type UpstreamAddress } from '../forward/upstream-address.ts';
import type { DnsOptions } from './dns-options.ts';

export interface Forwarding {
  readonly forwarder: DnsForwarder;
  readonly components: readonly Component[];
  /** As logs have them. */
  readonly upstreams: () => readonly string[];
}

/** UserError if an upstream is this server, or a file names none. */
export async function openForwarding(
  options: DnsOptions,
  logger: Logger,
): Promise<(observer: ForwardObserver) => Forwarding | undefined> {
  const { upstreams, forward, bind } = options;
  const own = bind.map(({ host: ip, port }) => ({ ip, port }));
  const stubbed = forward.stubs.flatMap((stub) => stub.upstreams);
  if (upstreams === 'none' && stubbed.length === 0) return () => undefined;
  const file =
    typeof upstreams === 'object' && 'file' in upstreams ? { path: upstreams.file, own } : undefined;
  const first =
    file === undefined ? (upstreams === 'none' ? [] : listOf(upstreams)) : await readFile(file, logger);
  const refused = refuseOurselves([...first, ...stubbed], own);
  if (refused !== undefined) throw new UserError(refused);
  return (observer) => {
    const forwarder = new DnsForwarder({ ...forward, upstreams: first }, { observer, logger });
    let now = first;
    const take = (changed: readonly UpstreamAddress[]) => {
      now = changed;
      forwarder.setUpstreams(changed);
    };
    logger.info(
      { upstreams: first.map(formatUpstream).join(', ') },
      'names of others are asked for at upstreams',
    );
    return {
      forwarder,
      upstreams: () => now.map(formatUpstream),
      components: [
        loopCheck(forwarder),
        ...(file === undefined ? [] : [follower(file, first, take, logger)]),
      ],
    };
  };
}

function listOf(upstreams: DnsOptions['upstreams']): readonly UpstreamAddress[] {
  return Array.isArray(upstreams) ? upstreams : [];
}

async function readFile(file: ResolvConf, logger: Logger): Promise<readonly UpstreamAddress[]> {
  const read = await readResolvConf(file);
  if (typeof read === 'string') {
    throw new UserError(`${read} (--dns-forward names other upstreams, or none with "none")`);
  }
  for (const problem of read.problems) logger.warn({}, problem);
  return read.upstreams;
}

/** Once questions are answered: else nothing can come back. */
function loopCheck(forwarder: DnsForwarder): Component {
  return {
    name: 'dns-loop-check',
    needs: ['dns'],
    onFailure: 'restart',
    run: async (signal, ready) => {
      ready();
      try {
        await forwarder.watchLoops(signal);
      } finally {
        forwarder.close();
      }
    },
  };
}

function follower(
  file: ResolvConf,
  first: readonly UpstreamAddress[],
  take: (upstreams: readonly UpstreamAddress[]) => void,
  logger: Logger,
): Component {
  return {
    name: 'dns-resolv-conf',
    onFailure: 'restart',
    run: async (signal, ready) => {
      ready();
      await followResolvConf(file, first, take, logger, signal);
    },
  };
}
