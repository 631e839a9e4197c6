/** What the ipvs mode does once, before its first sync (spec §§ 6.1, 6.2): look for what it needs, set up the kernel. */
import { release } from 'node:os';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { observeDummySupport } from '@menwei/kernel/dummy-support.ts';
import { findIptables } from '@menwei/kernel/iptables-tools.ts';
import { applyKernelModule } from '@menwei/kernel/kernel-module.ts';
import { askUntilCertain } from '@menwei/kernel/passing-failure.ts';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { KernelError } from '@menwei/netlink';
import { openIpSetClient } from '@menwei/netlink/ipset';
import {
  type IpvsClient,
  observeIpvsSupport,
  openIpvsClient,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { openLinkClient } from '@menwei/netlink/route';
import type { IpvsSettings, Settings } from '../../config/settings.ts';
import type { Logger } from '../../log/logger.ts';
import { KernelRules } from '../xtables/kernel.ts';
import { IpvsBackend } from './backend.ts';
import { LAYOUT } from './base.ts';
import type { IpvsOptions } from './options.ts';
import { wantedSysctls } from './sysctls.ts';

/** Pods answer within milliseconds, on a busy machine within some tens. */
const ANSWER_MS = 200;

/** What is to be had of the machine. */
interface IpvsSurroundings {
  readonly runner: ToolRunner;
  readonly logger: Logger;
  /** Of the node, without those on our own interface. */
  readonly localAddresses: (family: IpFamily) => readonly string[];
}

/** What follows from the settings alone, without a look at the machine. */
export function ipvsOptions({ iptables, ipvs, answeredVIPs }: Settings, family: IpFamily): IpvsOptions {
  const { masqueradeBit, masqueradeAll } = iptables;
  const masquerade = { masqueradeMark: 2 ** masqueradeBit, masqueradeAll };
  return { family, ...masquerade, answeredVIPs, scheduler: ipvs.scheduler };
}

/** What of the kernel the mode needs and can't have, in words. Modules that can be loaded are loaded. */
export async function missingForIpvs(
  { runner, logger }: Pick<IpvsSurroundings, 'runner' | 'logger'>,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const observeIpvs = () => askUntilCertain(observeIpvsSupport, signal);
  if ((await observeIpvs()) !== undefined) {
    const error = await applyKernelModule(runner, 'ip_vs', signal);
    if (error !== undefined) logger.verbose(4, { err: error }, 'kernel module ip_vs was not loaded');
  }
  return [
    ...describe('IPVS (module ip_vs)', await observeIpvs()),
    ...describe('IP sets (module ip_set)', await askUntilCertain(() => observeIpSetSupport(signal), signal)),
    ...describe('dummy interfaces (module dummy)', await askUntilCertain(observeDummySupport, signal)),
  ];
}

async function observeIpSetSupport(signal: AbortSignal): Promise<KernelError | undefined> {
  try {
    using sets = openIpSetClient();
    await sets.observeSizes(signal);
    return undefined;
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

function describe(what: string, error: KernelError | undefined): readonly string[] {
  return error === undefined ? [] : [`${what}: ${error.detail}`];
}

/** The backend of one family, or why the family can't be served here. */
export async function startIpvs(
  settings: Settings,
  family: IpFamily,
  { runner, logger, localAddresses }: IpvsSurroundings,
  signal: AbortSignal,
): Promise<IpvsBackend | KernelError> {
  try {
    const tools = await findIptables(runner, family, signal);
    logger.info({ family, variant: tools.variant }, 'iptables found');
    using resources = new DisposableStack();
    const ipvs = resources.use(openIpvsClient());
    // Only who is going to write may change anything for its sake.
    if (!settings.dryRun) await setUp(settings.ipvs, ipvs, logger, signal);
    const watchPeriodMs = settings.syncPeriodMs;
    const sets = resources.use(openIpSetClient());
    const links = resources.use(openLinkClient());
    const rules = new KernelRules({ tools, layout: LAYOUT, family, logger, watchPeriodMs });
    resources.defer(() => rules.close());
    const opened = resources.move();
    return new IpvsBackend({
      ...ipvsOptions(settings, family),
      ipvs,
      sets,
      links,
      close: () => opened.dispose(),
      rules,
      logger,
      watchPeriodMs,
      drainTimeoutMs: settings.ipvs.drainTimeoutMs,
      answerMs: Math.min(settings.ipvs.drainTimeoutMs, ANSWER_MS),
      excludeCIDRs: settings.ipvs.excludeCIDRs,
      localAddresses: () => localAddresses(family),
    });
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

/** Both families need the same; the second one finds everything in place. */
async function setUp(
  settings: IpvsSettings,
  ipvs: IpvsClient,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  await tryScheduler(settings.scheduler, ipvs, signal);
  for (const { name, value } of wantedSysctls(settings.strictARP, release())) applySysctl(name, value);
  try {
    applyTimeouts(settings, ipvs);
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    logger.warn({ err: error }, 'IPVS timeouts could not be set; keeping the kernel settings');
  }
}

/** A setting that is right already may be read-only, as in a container. */
function applySysctl(name: string, value: string): void {
  if (readSysctl(name) === value) return;
  if (writeSysctl(name, value)) return;
  const detail = 'this kernel has no such setting, and the ipvs mode needs it';
  throw new KernelError({ operation: 'write sysctl', object: name, detail });
}

function applyTimeouts(settings: IpvsSettings, ipvs: IpvsClient): void {
  // 0 means "as it is", so it is nothing to round to.
  const seconds = (timeoutMs: number) => Math.ceil(timeoutMs / 1000);
  const wanted = {
    tcpSeconds: seconds(settings.tcpTimeoutMs),
    tcpFinSeconds: seconds(settings.tcpFinTimeoutMs),
    udpSeconds: seconds(settings.udpTimeoutMs),
  };
  if (Object.values(wanted).some((value) => value > 0)) ipvs.applyTimeouts(wanted);
}

/** In TEST-NET-2, where nobody has anything. */
const TRIAL_IP = '198.51.100.0';
const FIRST_TRIAL_PORT = 20_000;

/**
 * Makes the kernel load the default scheduler, or throws a KernelError that names it. There is no other way than to make
 * a virtual server that uses it.
 */
async function tryScheduler(scheduler: string, ipvs: IpvsClient, signal: AbortSignal): Promise<void> {
  const held = await Promise.all(IP_FAMILIES.map((family) => ipvs.observeServers(family, signal)));
  const servers = held.flat();
  if (servers.some((server) => server.scheduler === scheduler)) return;
  const server = trialServer(scheduler, servers);
  const [refused] = await ipvs.apply([{ change: 'add-server', server }], signal);
  if (refused !== undefined) {
    const { errno, detail } = refused.error;
    const object = `the IPVS scheduler ${scheduler} (module ip_vs_${scheduler})`;
    throw new KernelError({ operation: 'use', object, detail, errno, cause: refused.error });
  }
  await ipvs.apply([{ change: 'remove-server', frontend: server.frontend }], signal);
}

/** Unlike any that is there. */
function trialServer(scheduler: string, servers: readonly VirtualServer[]): VirtualServer {
  const taken = new Set(
    servers.map(({ frontend }) => ('ip' in frontend && frontend.ip === TRIAL_IP ? frontend.port : 0)),
  );
  let port = FIRST_TRIAL_PORT;
  while (taken.has(port)) port++;
  const frontend = { family: 'IPv4', protocol: 'TCP', ip: TRIAL_IP, port } as const;
  return { frontend, scheduler, flags: 0, timeoutSeconds: 0 };
}
