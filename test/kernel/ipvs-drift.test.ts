/** Whatever somebody does to what a proxy in ipvs mode has made is mended soon after; how long it took is printed. */
import { it } from 'vitest';
import { expectRepaired, IPVS_DAMAGES, ruleDamages } from './damage.ts';
import { run } from './ipvs-kernel.ts';
import { testFolder } from './run-cluster.ts';

const folder = testFolder();

it('ipvs mode', async () => {
  run('ip', 'link', 'add', 'eth0', 'type', 'dummy');
  run('ip', 'addr', 'add', '192.168.49.2/24', 'dev', 'eth0');
  run('ip', 'link', 'set', 'eth0', 'up');
  await expectRepaired('ipvs', 'ipvs', [...IPVS_DAMAGES, ...ruleDamages('KUBE-SERVICES').slice(-4)], folder);
}, 900_000);
