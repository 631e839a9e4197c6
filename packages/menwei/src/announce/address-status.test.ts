import { anAnnouncedService, anAnnouncer } from '@menwei/testing/announce/election.ts';
import { describe, expect, it } from 'vitest';
import { addressStatuses } from './address-status.ts';
import type { Duty } from './duty.ts';
import { Election } from './election/election.ts';
import type { AnnouncementState } from './speaker.ts';

const ADDRESS = '192.0.2.10';
const ANSWERING: Duty = { phase: 'answering', cause: 'new', interfaces: ['eth0', 'eth1'], ownedSinceMs: 0 };

function spoken(name: string, reason?: string): AnnouncementState {
  const counts = { requests: 2, answers: 2, gratuitous: 7 };
  return { address: ADDRESS, interface: name, isAnswering: reason === undefined, reason, ...counts };
}

function statusOf(...states: readonly AnnouncementState[]) {
  const election = new Election({ announcesWithoutEndpoints: false });
  election.putNode(anAnnouncer('node-1'));
  election.putService(anAnnouncedService('web'));
  election.decide();
  const [status] = addressStatuses(
    'node-1',
    election,
    () => ANSWERING,
    () => states,
  );
  return status;
}

describe('an address that this node is to announce', () => {
  it('is announced where all interfaces answer', () => {
    expect(statusOf(spoken('eth0'), spoken('eth1'))).toMatchObject({
      state: 'announcing',
      reason: 'this node is the owner (new)',
      answering: [
        { interface: 'eth0', isAnswering: true, requests: 2, answers: 2, gratuitous: 7 },
        { interface: 'eth1', isAnswering: true },
      ],
    });
  });

  it('says where it is not answered for', () => {
    expect(statusOf(spoken('eth0'), spoken('eth1', 'it has no carrier'))).toMatchObject({
      state: 'announcing',
      reason: 'this node is the owner and can’t answer on eth1: it has no carrier',
    });
  });

  it('is silent where nothing answers', () => {
    const lack = 'socket: operation not permitted (EPERM)';
    expect(statusOf(spoken('eth0', lack))).toMatchObject({
      state: 'silent',
      reason: `this node is the owner and can’t answer on eth0: ${lack}`,
    });
  });
});
