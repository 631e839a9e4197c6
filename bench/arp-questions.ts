/** Asks for addresses by ARP at a steady rate, and how long the answers take. */
import { setTimeout as sleep } from 'node:timers/promises';
import { decode, encode } from '@menwei/neighbor/frame.ts';
import type { ArpMessage } from '@menwei/neighbor/message.ts';
import { openPacketSocket } from '@menwei/neighbor/packet-socket.ts';
import { quantile, round } from './figures.ts';

export interface Asker {
  readonly interfaceIndex: number;
  readonly mac: string;
  readonly ip: string;
}

export interface AnswerTimes {
  readonly asked: number;
  readonly unanswered: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What is on its way when the last question was asked has so long. */
const LAST_MS = 1_000;

export async function askSteadily(
  { interfaceIndex, mac, ip }: Asker,
  addresses: readonly string[],
  perSecond: number,
  seconds: number,
): Promise<AnswerTimes> {
  /** When each address was asked for, as long as the answer has not come. */
  const waiting = new Map<string, number[]>(addresses.map((address) => [address, []]));
  const tookMs: number[] = [];
  using socket = openPacketSocket('ARP', interfaceIndex, {
    onFrame(frame) {
      const message = decode(frame);
      if (message?.kind !== 'arp-reply' || message.targetMac !== mac) return;
      const askedMs = waiting.get(message.senderIp)?.shift();
      if (askedMs !== undefined) tookMs.push(performance.now() - askedMs);
    },
    onError(error) {
      throw error;
    },
  });
  const questions = addresses.map((targetIp) => ({ targetIp, frame: encode(question(mac, ip, targetIp)) }));
  const startedMs = performance.now();
  let asked = 0;
  while (asked < perSecond * seconds) {
    const due = Math.min(perSecond * seconds, ((performance.now() - startedMs) / 1_000) * perSecond);
    for (; asked < due; asked++) {
      const next = questions[asked % questions.length];
      if (next === undefined) break;
      waiting.get(next.targetIp)?.push(performance.now());
      socket.send(next.frame);
    }
    await sleep(1);
  }
  await sleep(LAST_MS);
  return {
    asked,
    unanswered: asked - tookMs.length,
    p50Ms: round(quantile(tookMs, 0.5), 3),
    p99Ms: round(quantile(tookMs, 0.99), 3),
  };
}

function question(mac: string, ip: string, targetIp: string): ArpMessage {
  const asked = { senderMac: mac, senderIp: ip, targetMac: '00:00:00:00:00:00', targetIp };
  return { kind: 'arp-request', destination: 'ff:ff:ff:ff:ff:ff', source: mac, ...asked };
}
