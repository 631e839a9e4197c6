/** What announcing relies on in a speaker, checked on the kernel's packet sockets and on the segment in memory alike. */
import { isDeepStrictEqual } from 'node:util';
import { gratuitous, probe } from '@menwei/neighbor/announcing.ts';
import type { ArpMessage, NeighborMessage, NeighborSolicitation } from '@menwei/neighbor/message.ts';
import { multicastMac, solicitedNodeGroup } from '@menwei/neighbor/multicast.ts';
import type { Announcement, AnnouncementState, Claim, Speaker } from 'menwei/announce/speaker.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const VIP4 = '192.0.2.100';
const VIP6 = '2001:db8::100';
const STRANGER_IP4 = '192.0.2.250';
const STRANGER_IP6 = 'fe80::aa';
const BROADCAST = 'ff:ff:ff:ff:ff:ff';

/** A speaker on the interface eth0, which is up, and a stranger at the other end of the cable. */
export interface SpeakerScene extends AsyncDisposable {
  readonly speaker: Speaker;
  /** Of eth0. */
  readonly mac: string;
  readonly linkLocal: string;
  readonly stranger: {
    readonly mac: string;
    /** All that has arrived so far. */
    readonly heard: readonly NeighborMessage[];
    send(message: NeighborMessage): void;
  };
  /** Pulls the cable out, and puts it back. */
  setCarrier(isThere: boolean): void;
  rename(name: string): void;
  setMac(mac: string): void;
}

function wanted(...interfaces: readonly string[]): readonly Announcement[] {
  return [
    { address: VIP4, interfaces },
    { address: VIP6, interfaces },
  ];
}

export function describeSpeaker(title: string, openScene: () => Promise<SpeakerScene>): void {
  describe(`the speaker on ${title}`, () => {
    let scene: SpeakerScene;
    beforeEach(async () => {
      scene = await openScene();
    });
    afterEach(async () => {
      await scene[Symbol.asyncDispose]();
    });

    const arpRequest = (change: Partial<ArpMessage> = {}): ArpMessage => ({
      ...{ kind: 'arp-request', destination: BROADCAST, source: scene.stranger.mac },
      ...{ senderMac: scene.stranger.mac, senderIp: STRANGER_IP4 },
      ...{ targetMac: '00:00:00:00:00:00', targetIp: VIP4 },
      ...change,
    });
    const solicitation = (change: Partial<NeighborSolicitation> = {}): NeighborSolicitation => {
      const group = solicitedNodeGroup(change.targetIp ?? VIP6);
      return {
        ...{ kind: 'solicitation', destination: multicastMac(group), source: scene.stranger.mac },
        ...{ sourceIp: STRANGER_IP6, destinationIp: group, targetIp: VIP6 },
        linkLayerAddress: scene.stranger.mac,
        ...change,
      };
    };
    const arpAnswer = (targetIp = STRANGER_IP4, senderMac = scene.mac): ArpMessage => ({
      ...{ kind: 'arp-reply', destination: scene.stranger.mac, source: senderMac, senderMac },
      ...{ senderIp: VIP4, targetMac: scene.stranger.mac, targetIp },
    });
    const us = () => ({ mac: scene.mac, linkLocal: scene.linkLocal });
    /** What was heard of our addresses. */
    const about = (ip: string) =>
      scene.stranger.heard.filter((heard) =>
        'senderIp' in heard ? heard.senderIp === ip : heard.kind === 'advertisement' && heard.targetIp === ip,
      );
    const isSolicited = (heard: NeighborMessage) => heard.kind === 'advertisement' && heard.isSolicited;
    const stateOf = (ip: string) => scene.speaker.observe().find(({ address }) => address === ip);

    async function announce(): Promise<void> {
      scene.speaker.apply(wanted('eth0'));
      await vi.waitFor(() => {
        expect(about(VIP4)).toContainEqual(gratuitous(VIP4, us())[1]);
        expect(about(VIP6)).toContainEqual(gratuitous(VIP6, us())[0]);
      });
    }

    it('knows its interfaces', () => {
      const { interfaces } = scene.speaker;
      expect(interfaces).toContainEqual(
        expect.objectContaining({
          name: 'eth0',
          mac: scene.mac,
          unusable: undefined,
          onLink: ['192.0.2.0/24', '2001:db8::/64'],
        }),
      );
      expect(scene.speaker.interfaces).toBe(interfaces);
    });

    it('tells all neighbours at once, in both forms of ARP, and again', async () => {
      await announce();
      for (const message of [...gratuitous(VIP4, us()), ...gratuitous(VIP6, us())]) {
        await vi.waitFor(() => {
          const alike = scene.stranger.heard.filter((heard) => isDeepStrictEqual(heard, message));
          expect(alike.length).toBeGreaterThanOrEqual(3);
        });
      }
      expect(stateOf(VIP4)).toMatchObject({ isAnswering: true, reason: undefined });
      expect(stateOf(VIP4)?.gratuitous).toBeGreaterThanOrEqual(3);
    });

    it('answers requests for what is wanted, by broadcast and by unicast, and probes', async () => {
      await announce();
      scene.stranger.send(arpRequest());
      scene.stranger.send(arpRequest({ destination: scene.mac }));
      scene.stranger.send(probe(VIP4, scene.stranger.mac));
      await vi.waitFor(() => {
        const answers = about(VIP4).filter(({ destination }) => destination === scene.stranger.mac);
        expect(answers).toEqual([arpAnswer(), arpAnswer(), arpAnswer('0.0.0.0')]);
      });
      expect(stateOf(VIP4)).toMatchObject({ requests: 3, answers: 3 });
    });

    it('answers solicitations, with the option or without, by unicast, and those of newcomers', async () => {
      await announce();
      scene.stranger.send(solicitation());
      const alone = solicitation({ destination: scene.mac, destinationIp: VIP6 });
      scene.stranger.send(alone);
      scene.stranger.send({ ...alone, linkLayerAddress: undefined });
      const answer: NeighborMessage = {
        ...{ kind: 'advertisement', destination: scene.stranger.mac, source: scene.mac },
        ...{ sourceIp: scene.linkLocal, destinationIp: STRANGER_IP6, targetIp: VIP6 },
        ...{ isSolicited: true, isOverride: true, linkLayerAddress: scene.mac },
      };
      await vi.waitFor(() => {
        expect(about(VIP6).filter(isSolicited)).toEqual([answer, answer, answer]);
      });
      const before = stateOf(VIP6)?.answers ?? 0;
      scene.stranger.send(probe(VIP6, scene.stranger.mac));
      await vi.waitFor(() => expect(stateOf(VIP6)?.answers).toBe(before + 1));
    });

    it('answers for nothing else, and for nothing on other interfaces', async () => {
      scene.speaker.apply([...wanted('lo', 'eth7'), { address: '192.0.2.101', interfaces: ['eth0'] }]);
      scene.stranger.send(arpRequest());
      scene.stranger.send(solicitation());
      scene.stranger.send(arpRequest({ targetIp: '192.0.2.101' }));
      await vi.waitFor(() => expect(about('192.0.2.101').length).toBeGreaterThan(0));
      await vi.waitFor(() => {
        expect(scene.speaker.observe().find(({ address }) => address === '192.0.2.101')?.answers).toBe(1);
      });
      expect([...about(VIP4), ...about(VIP6)]).toEqual([]);
      expect(scene.speaker.observe()).toContainEqual<AnnouncementState>({
        ...{ address: VIP4, interface: 'eth7', requests: 0, answers: 0, gratuitous: 0 },
        ...{ isAnswering: false, reason: 'there is no interface eth7' },
      });
    });

    it('answers no more for what is no longer wanted', async () => {
      await announce();
      scene.speaker.apply([]);
      expect(scene.speaker.observe()).toEqual([]);
      // What was on its way arrives first.
      scene.speaker.apply([{ address: '192.0.2.101', interfaces: ['eth0'] }]);
      await vi.waitFor(() => expect(about('192.0.2.101').length).toBeGreaterThan(0));
      const before = scene.stranger.heard.length;
      scene.stranger.send(arpRequest());
      scene.stranger.send(solicitation());
      scene.stranger.send(arpRequest({ targetIp: '192.0.2.101' }));
      await vi.waitFor(() => {
        expect(about('192.0.2.101').some(({ destination }) => destination === scene.stranger.mac)).toBe(true);
      });
      const since = scene.stranger.heard.slice(before);
      expect(since.filter((heard) => [...about(VIP4), ...about(VIP6)].includes(heard))).toEqual([]);
    });

    it('goes on as it was when the same is wanted once more', async () => {
      await announce();
      const before = stateOf(VIP4)?.gratuitous ?? 0;
      for (let time = 0; time < 50; time++) scene.speaker.apply(wanted('eth0'));
      expect(stateOf(VIP4)?.gratuitous).toBeLessThanOrEqual(before + 2);
    });

    it('tells them once more when it is to defend an address', async () => {
      await announce();
      const before = stateOf(VIP4)?.gratuitous ?? 0;
      for (let time = 0; time < 5; time++) scene.speaker.defend(VIP4);
      expect(stateOf(VIP4)?.gratuitous).toBeGreaterThanOrEqual(before + 5);
      scene.speaker.defend('192.0.2.101');
      expect(about('192.0.2.101')).toEqual([]);
    });

    it('hears who else says that an address is theirs', async () => {
      const claims: Claim[] = [];
      using _listener = scene.speaker.onClaim((claim) => claims.push(claim));
      await announce();
      const stranger = { mac: scene.stranger.mac, linkLocal: STRANGER_IP6 };
      for (const ip of [VIP4, VIP6, '192.0.2.101']) {
        for (const message of gratuitous(ip, stranger)) scene.stranger.send(message);
      }
      scene.stranger.send(arpRequest({ senderIp: VIP4, targetIp: '192.0.2.7' }));
      const claim = (address: string): Claim => ({ address, interface: 'eth0', mac: scene.stranger.mac });
      await vi.waitFor(() => {
        expect(claims.filter(({ address }) => address === VIP4)).toEqual(Array(3).fill(claim(VIP4)));
        expect(claims.filter(({ address }) => address !== VIP4)).toEqual([claim(VIP6)]);
      });
      // To say that one has an address is no question.
      expect(stateOf(VIP4)?.answers).toBe(0);
    });

    it('takes nothing back for a claim that it has said itself', async () => {
      const claims: Claim[] = [];
      using _listener = scene.speaker.onClaim((claim) => claims.push(claim));
      await announce();
      for (const ip of [VIP4, VIP6]) for (const said of gratuitous(ip, us())) scene.stranger.send(said);
      scene.stranger.send(arpRequest());
      await vi.waitFor(() => expect(stateOf(VIP4)?.answers).toBe(1));
      expect(claims).toEqual([]);
    });

    it.each([VIP4, VIP6])('finds out that nobody has %s', async (ip) => {
      const timing = { count: 2, intervalMs: 20 };
      const signal = new AbortController().signal;
      expect(await scene.speaker.probe(ip, 'eth0', timing, signal)).toBeUndefined();
      const asked = scene.stranger.heard.filter((heard) => 'targetIp' in heard && heard.targetIp === ip);
      expect(asked).toEqual([probe(ip, scene.mac), probe(ip, scene.mac)]);
    });

    it.each([VIP4, VIP6])('finds out who has %s', async (ip) => {
      const timing = { count: 3, intervalMs: 10_000 };
      const found = scene.speaker.probe(ip, 'eth0', timing, new AbortController().signal);
      await vi.waitFor(() => {
        expect(scene.stranger.heard.some((heard) => heard.targetIp === ip)).toBe(true);
      });
      const stranger = { mac: scene.stranger.mac, linkLocal: STRANGER_IP6 };
      const [first, second = first] = gratuitous(ip, stranger);
      if (second !== undefined) scene.stranger.send(second);
      expect(await found).toBe(scene.stranger.mac);
      // It was asked, and not said to be ours.
      expect(about(ip)).toEqual([]);
    });

    it('does not say that nobody has an address when it could not ask', async () => {
      const timing = { count: 1, intervalMs: 10 };
      const signal = new AbortController().signal;
      await expect(scene.speaker.probe(VIP4, 'eth7', timing, signal)).rejects.toThrow('no interface eth7');
      const asked = scene.speaker.probe(VIP4, 'eth0', { count: 1, intervalMs: 10_000 }, signal);
      scene.setCarrier(false);
      await expect(asked).rejects.toThrow();
      await vi.waitFor(async () => {
        await expect(scene.speaker.probe(VIP4, 'eth0', timing, signal)).rejects.toThrow("eth0 can't be used");
      });
      await expect(scene.speaker.probe(VIP4, 'eth0', timing, AbortSignal.abort('enough'))).rejects.toThrow();
    });

    it('tells its listeners when the cable is pulled out, and its neighbours when it is back', async () => {
      await announce();
      const changed = vi.fn();
      using _listener = scene.speaker.onInterfaces(changed);
      const usable = () =>
        scene.speaker.interfaces.find(({ name }) => name === 'eth0')?.unusable === undefined;
      scene.setCarrier(false);
      await vi.waitFor(() => expect(usable()).toBe(false));
      expect(changed).toHaveBeenCalled();
      expect(stateOf(VIP4)).toMatchObject({
        isAnswering: false,
        reason: expect.stringMatching(/carrier|down/),
      });
      const before = stateOf(VIP4)?.gratuitous;
      scene.speaker.defend(VIP4);
      expect(stateOf(VIP4)?.gratuitous).toBe(before);
      scene.setCarrier(true);
      await vi.waitFor(() => expect(stateOf(VIP4)?.isAnswering).toBe(true));
      await vi.waitFor(() => expect(stateOf(VIP6)?.isAnswering).toBe(true), { timeout: 10_000 });
      expect(stateOf(VIP4)?.gratuitous).toBeGreaterThan(before ?? 0);
    });

    it('speaks from another MAC address when the interface gets one', async () => {
      await announce();
      const mac = '02:00:00:00:00:77';
      scene.setMac(mac);
      await vi.waitFor(() => {
        expect(about(VIP4)).toContainEqual(gratuitous(VIP4, { mac, linkLocal: undefined })[0]);
      });
      scene.stranger.send(arpRequest());
      await vi.waitFor(() => expect(about(VIP4)).toContainEqual(arpAnswer(STRANGER_IP4, mac)));
    });

    it('follows an interface by its name', async () => {
      await announce();
      scene.rename('wan0');
      await vi.waitFor(() => {
        expect(stateOf(VIP4)).toMatchObject({ isAnswering: false, reason: 'there is no interface eth0' });
      });
      scene.speaker.apply(wanted('wan0'));
      await vi.waitFor(() => expect(stateOf(VIP4)).toMatchObject({ interface: 'wan0', isAnswering: true }));
    });
  });
}
