import type { IpFamily } from '@menwei/addresses/ip.ts';
import { expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { NodeWarnings } from './node-warnings.ts';

it('tells of every change once, each family by itself', () => {
  const lines: string[] = [];
  const log = (fields: object, message: string) => lines.push(`${JSON.stringify(fields)} ${message}`);
  const obstacles = new Map<IpFamily, string>();
  let wrongAddress: string | undefined;
  let missing: string | undefined;
  const node = {
    nodePortObstacle: (family: IpFamily) => obstacles.get(family),
    supportObstacle: (family: IpFamily) => (family === 'IPv6' ? missing : undefined),
    addressObstacle: (family: IpFamily) => (family === 'IPv4' ? wrongAddress : undefined),
  };
  const notices = new NodeWarnings(node, { ...silentLogger, info: log, warn: log });
  const news = () => {
    notices.update();
    notices.update();
    return lines.splice(0);
  };
  expect(news()).toEqual([]);
  obstacles.set('IPv4', 'there is none');
  const none = `{"family":"IPv4"} there is none; NodePorts and their health checks can't be reached`;
  expect(news()).toEqual([none]);
  obstacles.set('IPv6', 'there is none');
  obstacles.delete('IPv4');
  expect(news()).toEqual([
    '{"family":"IPv4"} NodePorts and their health checks can be reached again',
    none.replace('IPv4', 'IPv6'),
  ]);
  wrongAddress = 'taking another';
  expect(news()).toEqual(['{"family":"IPv4"} taking another']);
  wrongAddress = undefined;
  expect(news()).toEqual([`{"family":"IPv4"} an interface has the node's address again`]);
  missing = 'no such table';
  expect(news()).toEqual([
    '{"family":"IPv6"} the node has IPv6 addresses, but IPv6 is not proxied: no such table',
  ]);
});
