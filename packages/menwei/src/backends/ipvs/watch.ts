/**
 * Looking after the kernel between syncs: destinations that drain, and what somebody else did. IPVS and ipset tell
 * nobody of changes, so they are compared now and then; of the destinations some servers' at a time.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IpSetClient } from '@menwei/netlink/ipset';
import type { IpvsClient } from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import type { InTurn } from '../backend.ts';
import type { LeftRules } from '../xtables/watch.ts';
import { endDrained } from './draining.ts';
import type { DrainingDestinations } from './draining-destinations.ts';
import type { KernelImage } from './image.ts';
import { DEVICE } from './names.ts';
import type { RulesAccess } from './rules-access.ts';
import { observeServerList } from './server-list.ts';

const DRAIN_PERIOD_MS = 500;
/** So many looks see the destinations of all virtual servers, unless these are few. */
const LOOKS_FOR_ALL = 10;
const FEW_SERVERS = 200;

interface WatchOptions {
  readonly family: IpFamily;
  readonly logger: Logger;
  readonly periodMs: number;
  /** How often those that drain are looked at; twice a second unless told. */
  readonly drainPeriodMs: number | undefined;
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: RulesAccess;
}

interface Watched {
  readonly draining: DrainingDestinations;
  /** Another one, or none, as soon as anything is being changed. */
  readonly image: () => KernelImage | undefined;
  readonly leftRules: LeftRules;
}

/** Until the signal ends it. */
export async function watchKernel(
  options: WatchOptions,
  watched: Watched,
  drifted: (what: string) => void,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<void> {
  const { rules, periodMs, drainPeriodMs = DRAIN_PERIOD_MS } = options;
  await Promise.all([
    rules.watch(watched.leftRules, drifted, inTurn, signal),
    repeat(options, drainPeriodMs, signal, () => inTurn(() => endIdle(options, watched.draining, signal))),
    repeat(options, periodMs, signal, async () => {
      const what = await findDrift(options, watched, inTurn, signal);
      if (what !== undefined) drifted(what);
    }),
  ]);
}

async function repeat(
  { family, logger }: WatchOptions,
  periodMs: number,
  signal: AbortSignal,
  look: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await pause(periodMs, signal);
    if (signal.aborted) return;
    try {
      await look();
    } catch (error) {
      if (signal.aborted) return;
      logger.warn({ family, err: error }, 'checking the virtual servers for drift failed');
    }
  }
}

async function endIdle(
  { ipvs }: WatchOptions,
  draining: DrainingDestinations,
  signal: AbortSignal,
): Promise<void> {
  if (draining.isEmpty) return;
  const nowMs = performance.now();
  await endDrained(ipvs, draining, draining.drainingFrontends(nowMs), nowMs, signal);
}

/** What somebody else changed, in words; undefined too if we were changing things ourselves meanwhile. */
async function findDrift(
  options: WatchOptions,
  { image: currentImage }: Watched,
  inTurn: InTurn,
  signal: AbortSignal,
): Promise<string | undefined> {
  const image = currentImage();
  if (image === undefined) return undefined;
  for (const look of looks(options, image, signal)) {
    // A turn for each look, so that no sync waits for more than one.
    const what = await inTurn(async () => (currentImage() === image ? await look() : undefined));
    if (currentImage() !== image) return undefined;
    if (what !== undefined) return `changed by another program: ${what}`;
  }
  return undefined;
}

type Look = () => Promise<string | undefined> | string | undefined;

function* looks(
  { family, ipvs, sets, links }: WatchOptions,
  image: KernelImage,
  signal: AbortSignal,
): Generator<Look> {
  yield () => (links.hasLink(DEVICE) ? undefined : `interface ${DEVICE} was deleted`);
  yield async () => image.compareServers(await observeServerList(ipvs, family, image.frontends(), signal));
  yield async () => image.compareAddresses(await links.observeAddresses(family, signal, DEVICE));
  yield async () => image.compareSetSizes(await sets.observeSizes(signal));
  const count = Math.max(FEW_SERVERS, Math.ceil(image.serverCount / LOOKS_FOR_ALL));
  for (const frontend of image.nextFrontends(count)) {
    yield async () => image.compareDestinations(frontend, await ipvs.observeDestinations(frontend, signal));
  }
}
