/** The addresses of a node come and go while its proxy runs. */

import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import { describe, expect, it } from 'vitest';
import { SILENCE } from './published-service.ts';
import { describeModes, eventually } from './suite.ts';
import { FAMILIES } from './topology.ts';

/** On the wire of the cluster, and no node's at the start. */
const ADDRESS: Readonly<Record<IpFamily, string>> = { IPv4: '192.168.49.50', IPv6: 'fd00:49::50' };
const RANGES = ['192.168.49.48/28', 'fd00:49::50/124'];

describeModes(
  'node addresses',
  (cluster) => {
    describe.each(FAMILIES)('over %s', (family) => {
      const ip = ADDRESS[family];
      const edit = (verb: 'add' | 'delete') =>
        cluster.run('one', [['ip', 'address', verb, `${ip}/${family === 'IPv4' ? 24 : 64}`, 'dev', 'eth0']]);

      it('that come and go take NodePorts and health checks with them, and nothing else has to happen', async () => {
        const web = await cluster.publish({
          family,
          protocol: 'TCP',
          nodePort: true,
          loadBalancer: {},
          healthCheck: true,
          spec: { externalTrafficPolicy: 'Local' },
          pods: ['a1'],
        });
        const { nodePort, healthCheckNodePort } = web.identity;
        const target = formatHostPort(ip, nodePort);
        const healthCheck = `http://${formatHostPort(ip, healthCheckNodePort)}/`;
        const warningsOf = async (family: IpFamily) =>
          (await cluster.proxy('one').status())
            .filter((status) => status.servicePort === `${web.identity.namespace}/${web.identity.name}/TCP`)
            .filter((status) => status.family === family)
            .map(({ warning }) => warning);
        const isDead = async () => {
          await eventually(() => warningsOf(family)).toEqual([
            expect.stringMatching(/^no address of this node matches nodePortAddresses \S+$/),
          ]);
          await eventually(() => web.ask('client', target, SILENCE)).toHaveProperty('error');
          await eventually(() => cluster.read('client', healthCheck)).toHaveProperty('error');
        };
        await isDead();
        for (let round = 0; round < 2; round++) {
          await edit('add');
          await eventually(() => web.ask('client', target, SILENCE)).toMatchObject({ pod: 'a1' });
          await eventually(() => cluster.read('client', healthCheck)).toMatchObject({ status: 200 });
          expect(await warningsOf(family)).toEqual([undefined]);
          // What is outside the ranges stays closed.
          expect(await web.ask('client', web.nodePortOf('one'), SILENCE)).toHaveProperty('error');
          expect(await cluster.read('client', web.healthCheckOf('one'))).toHaveProperty('error');
          await edit('delete');
          await isDead();
        }
        const notices = cluster
          .proxy('one')
          .output.split('\n')
          .filter((line) => line.includes('NodePorts and their health checks') && line.includes(family))
          .map((line) => (line.includes("can't be reached") ? 'none' : 'again'));
        expect(notices).toEqual(['none', 'again', 'none', 'again', 'none']);
      });
    });
  },
  { flags: [`--nodeport-addresses=${RANGES.join(',')}`] },
);

const STRANGER = 'stranger';

describeModes(
  'the address of the Node',
  (cluster) => {
    it('takes NodePorts, if they are for the primary one, as soon as an interface has it', async () => {
      const addresses = FAMILIES.map((family) => ({ type: 'InternalIP', address: ADDRESS[family] }));
      await cluster.apply('stranger', [
        { apiVersion: 'v1', kind: 'Node', metadata: { name: STRANGER }, status: { addresses } },
      ]);
      for (const family of FAMILIES) {
        const web = await cluster.publish({ family, protocol: 'TCP', nodePort: true, pods: ['b1'] });
        const key = `${web.identity.namespace}/${web.identity.name}/TCP`;
        const warnings = async () =>
          (await cluster.proxy('one').status())
            .filter(({ servicePort }) => servicePort === key)
            .map(({ warning }) => warning);
        await eventually(warnings).toEqual([`no interface has the node's address ${ADDRESS[family]}`]);
        expect(await web.ask('client', web.nodePortOf('one'), SILENCE)).toHaveProperty('error');
        await cluster.run('one', [
          ['ip', 'address', 'add', `${ADDRESS[family]}/${family === 'IPv4' ? 24 : 64}`, 'dev', 'eth0'],
        ]);
        const target = formatHostPort(ADDRESS[family], web.identity.nodePort);
        await eventually(() => web.ask('client', target, SILENCE)).toMatchObject({ pod: 'b1' });
        expect(await warnings()).toEqual([undefined]);
        expect(await web.ask('client', web.nodePortOf('one'), SILENCE)).toHaveProperty('error');
      }
    });
  },
  { flags: ['--nodeport-addresses=primary', `--hostname-override=${STRANGER}`] },
);
