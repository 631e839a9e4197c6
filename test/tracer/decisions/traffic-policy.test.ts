/** Which endpoints internal and external traffic policies allow, and what happens when they allow none. */
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES } from '../modes.ts';
import { aTestbed, type Condition, type PortOfFields, portOf, type Sender } from '../testbed.ts';

const INTERNAL_LOCAL: PortOfFields = { internalPolicyLocal: true };
const EXTERNAL_LOCAL: PortOfFields = { externalPolicyLocal: true, everywhere: true };
const EXTERNAL_CLUSTER: PortOfFields = { everywhere: true };

type Row = readonly [endpoints: readonly Condition[], from: Sender, to: string, expected: string];

describe.each(MODES_AND_FAMILIES)('%s, %s', (mode, family) => {
  const check = (fields: PortOfFields, rows: readonly Row[]) =>
    it.each(rows)('%j, from %s to %s: %s', (endpoints, from, to, expected) => {
      expect(
        aTestbed(mode, family, { ports: [portOf(family, { ...fields, endpoints })] }).send(from, to),
      ).toBe(expected);
    });

  describe('internalTrafficPolicy Cluster', () => {
    check({}, [
      [['here', 'elsewhere'], 'pod', 'clusterIP:80', '1 2'],
      [['elsewhere', 'elsewhere'], 'pod', 'clusterIP:80', '1 2'],
      [[], 'pod', 'clusterIP:80', 'REJECT'],
    ]);
  });

  describe('internalTrafficPolicy Local', () => {
    check(INTERNAL_LOCAL, [
      [['here', 'elsewhere', 'here'], 'pod', 'clusterIP:80', '1 3'],
      [['here', 'elsewhere'], 'node', 'clusterIP:80', '1*'],
      [['elsewhere', 'elsewhere'], 'pod', 'clusterIP:80', 'DROP'],
      [['elsewhere', 'elsewhere'], 'node', 'clusterIP:80', 'DROP'],
      [['elsewhere', 'unreadyHere'], 'client', 'clusterIP:80', 'DROP'],
      [['unready', 'unreadyHere'], 'pod', 'clusterIP:80', 'REJECT'],
      [[], 'pod', 'clusterIP:80', 'REJECT'],
    ]);
  });

  describe('internalTrafficPolicy Local, reachable from outside', () => {
    check({ ...INTERNAL_LOCAL, everywhere: true }, [
      [['elsewhere', 'elsewhere'], 'pod', 'clusterIP:80', 'DROP'],
      [['elsewhere', 'elsewhere'], 'client', 'vip:80', '1* 2*'],
      [['elsewhere', 'elsewhere'], 'client', 'node:30080', '1* 2*'],
      [['here', 'elsewhere'], 'client', 'externalIP:80', '1* 2*'],
    ]);
  });

  describe('externalTrafficPolicy Cluster', () => {
    check(EXTERNAL_CLUSTER, [
      [['here', 'elsewhere'], 'client', 'vip:80', '1* 2*'],
      [['elsewhere', 'elsewhere'], 'client', 'node:30080', '1* 2*'],
      [['elsewhere', 'elsewhere'], 'podElsewhere', 'externalIP:80', '1* 2*'],
    ]);
  });

  describe('externalTrafficPolicy Local', () => {
    check(EXTERNAL_LOCAL, [
      [['here', 'elsewhere'], 'client', 'vip:80', '1'],
      [['here', 'elsewhere'], 'client', 'externalIP:80', '1'],
      [['here', 'elsewhere'], 'client', 'node:30080', '1'],
      [['here', 'elsewhere'], 'otherNode', 'node:30080', '1'],
      [['here', 'elsewhere'], 'podElsewhere', 'node:30080', '1'],
      [['here', 'elsewhere'], 'client', 'clusterIP:80', '1* 2*'],
    ]);
  });

  describe('externalTrafficPolicy Local without local endpoints', () => {
    check(EXTERNAL_LOCAL, [
      [['elsewhere', 'unreadyHere'], 'client', 'vip:80', 'DROP'],
      [['elsewhere', 'unreadyHere'], 'client', 'externalIP:80', 'DROP'],
      [['elsewhere', 'unreadyHere'], 'client', 'node:30080', 'DROP'],
      [['elsewhere', 'unreadyHere'], 'podElsewhere', 'vip:80', 'DROP'],
      // The node and its pods get a short cut to all endpoints.
      [['elsewhere', 'elsewhere'], 'pod', 'vip:80', '1 2'],
      [['elsewhere', 'elsewhere'], 'pod', 'node:30080', '1 2'],
      [['elsewhere', 'elsewhere'], 'node', 'vip:80', '1* 2*'],
      [['elsewhere', 'elsewhere'], 'node', 'node:30080', '1* 2*'],
      [['elsewhere', 'elsewhere'], 'client', 'clusterIP:80', '1* 2*'],
    ]);
  });

  describe('endpoints that terminate, under Cluster policies', () => {
    check(EXTERNAL_CLUSTER, [
      [['here', 'terminatingHere', 'elsewhere', 'terminating'], 'client', 'vip:80', '1* 3*'],
      [['terminatingHere', 'unready', 'terminating', 'gone'], 'client', 'vip:80', '1* 3*'],
      [['terminatingHere', 'unready', 'terminating', 'gone'], 'pod', 'clusterIP:80', '1 3'],
      [['terminating', 'gone'], 'client', 'node:30080', '1*'],
      [['goneHere', 'gone', 'unready'], 'client', 'vip:80', 'REJECT'],
      [['goneHere', 'gone', 'unready'], 'pod', 'clusterIP:80', 'REJECT'],
    ]);
  });

  describe('endpoints that terminate, under externalTrafficPolicy Local', () => {
    check(EXTERNAL_LOCAL, [
      [['here', 'terminatingHere', 'elsewhere'], 'client', 'vip:80', '1'],
      [['terminatingHere', 'elsewhere'], 'client', 'vip:80', '1'],
      [['terminatingHere', 'elsewhere'], 'pod', 'vip:80', '2'],
      [['terminatingHere', 'elsewhere'], 'pod', 'clusterIP:80', '2'],
      [['terminatingHere', 'terminating'], 'client', 'vip:80', '1'],
      [['terminatingHere', 'terminating'], 'pod', 'vip:80', '1 2'],
      [['goneHere', 'elsewhere'], 'client', 'vip:80', 'DROP'],
      [['goneHere', 'terminating'], 'client', 'node:30080', 'DROP'],
      [['goneHere', 'gone'], 'client', 'vip:80', 'REJECT'],
    ]);
  });

  describe('endpoints that terminate, under internalTrafficPolicy Local', () => {
    check(INTERNAL_LOCAL, [
      [['here', 'terminatingHere', 'elsewhere'], 'pod', 'clusterIP:80', '1'],
      [['terminatingHere', 'goneHere', 'elsewhere'], 'pod', 'clusterIP:80', '1'],
      [['goneHere', 'terminating'], 'pod', 'clusterIP:80', 'DROP'],
      [['goneHere', 'gone'], 'pod', 'clusterIP:80', 'REJECT'],
    ]);
  });

  describe('an endpoint that is ready although it terminates', () => {
    check({}, [[['readyButTerminating', 'elsewhere'], 'pod', 'clusterIP:80', '1 2']]);
  });
});
