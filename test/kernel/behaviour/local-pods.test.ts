/** Which pods are the node's own: those may use a NodePort whatever the traffic policy, and those of other nodes may not. */
import { describe, expect, it } from 'vitest';
import { SILENCE } from './published-service.ts';
import { describeModes, describeTraffic } from './suite.ts';

const DETECTORS = [
  ['ClusterCIDR', []],
  ['NodeCIDR', []],
  ['InterfaceNamePrefix', ['--pod-interface-name-prefix=veth']],
] as const;

describe.each(DETECTORS)('%s', (detector, more) => {
  describeModes(
    `local pods by ${detector}`,
    (cluster) => {
      describeTraffic(cluster, (family, protocol) => {
        const publish = (...pods: readonly string[]) =>
          cluster.publish({
            family,
            protocol,
            nodePort: true,
            spec: { externalTrafficPolicy: 'Local' },
            pods,
          });

        it('a pod of another node gets no answer where no local pod is behind a NodePort', async () => {
          const web = await publish('a1');
          expect(await web.ask('visitor-a', web.nodePortOf('two'), SILENCE)).toMatchObject({
            error: 'timeout',
          });
        });

        // With the range of the cluster, the rules of kube-proxy lead it to any pod, whose answer then goes past the node.
        if (detector !== 'ClusterCIDR' || !cluster.mode.showsClients) {
          it('a pod of another node keeps to the local pods behind a NodePort', async () => {
            const web = await publish('a1', 'b1');
            const tally = await web.askOften(10, 'visitor-a', web.nodePortOf('two'));
            expect(tally).toMatchObject({ failed: 0, byPod: { b1: 10 } });
          });
        }

        it('a pod of the node and the node itself reach any pod', async () => {
          const web = await publish('a1');
          for (const from of ['visitor-b', 'two']) {
            expect(await web.ask(from, web.nodePortOf('two'))).toMatchObject({ pod: 'a1' });
          }
        });
      });
    },
    { flags: [`--detect-local-mode=${detector}`, ...more] },
  );
});
