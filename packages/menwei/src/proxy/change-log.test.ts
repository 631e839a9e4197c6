import { anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { LogFields, Logger } from '../log/logger.ts';
import { silentLogger } from '../log/logger.ts';
import type { ServicePort } from '../state/service-port.ts';
import { logKernelChanges, logServicePorts } from './change-log.ts';

function aLog(verbosity: number) {
  const lines: (LogFields & { readonly message: string })[] = [];
  const verbose: Logger['verbose'] = (v, fields, message) => {
    if (v <= verbosity) lines.push({ message, ...fields });
  };
  return { lines, logger: { ...silentLogger, verbosity, verbose } };
}

function logged(before: ServicePort | undefined, after: ServicePort | undefined, verbosity = 2) {
  const { lines, logger } = aLog(verbosity);
  logServicePorts(logger, 'IPv4', [{ key: 'ns/web/TCP', before, after }]);
  return lines;
}

const web = aServicePort({ nodePort: 30_080, endpoints: [anEndpoint()] });
const about = { family: 'IPv4', servicePort: 'ns/web/TCP' };

describe('changes of Services and endpoints', () => {
  it.each<[string, ServicePort | undefined, ServicePort | undefined, readonly object[]]>([
    [
      'a port that comes',
      undefined,
      web,
      [
        {
          message: 'service port added',
          clusterIP: '172.30.0.1',
          port: 80,
          nodePort: 30_080,
          endpoints: '10.0.0.1:8080',
        },
      ],
    ],
    ['a port that goes', web, undefined, [{ message: 'service port removed' }]],
    [
      'a port that changes',
      web,
      { ...web, nodePort: 30_081, externalIPs: ['192.0.2.1'] },
      [{ message: 'service port changed', nodePort: '30080 -> 30081', externalIPs: '[] -> ["192.0.2.1"]' }],
    ],
    [
      'endpoints that change',
      { ...web, endpoints: [anEndpoint(), anEndpoint({ ip: '10.0.0.2' })] },
      {
        ...web,
        endpoints: [anEndpoint({ ready: false, terminating: true }), anEndpoint({ ip: '10.0.0.3' })],
      },
      [
        {
          message: 'endpoints changed',
          added: '10.0.0.3:8080',
          removed: '10.0.0.2:8080',
          changed: '10.0.0.1:8080 (serving, terminating)',
        },
      ],
    ],
  ])('%s', (_what, before, after, expected) => {
    expect(logged(before, after)).toEqual(expected.map((fields) => ({ ...about, ...fields })));
    expect(logged(before, after, 1)).toEqual([]);
  });

  it('are cut short where there are many', () => {
    const { lines, logger } = aLog(2);
    const endpoints = Array.from({ length: 30 }, (_, index) => anEndpoint({ ip: `10.0.0.${index + 1}` }));
    const changes = Array.from({ length: 60 }, () => ({
      key: 'k',
      before: undefined,
      after: { ...web, endpoints },
    }));
    logServicePorts(logger, 'IPv4', changes);
    expect(lines).toHaveLength(51);
    expect(lines[0]?.endpoints).toMatch(/, 10\.0\.0\.20:8080 and 10 more endpoints$/);
    expect(lines[50]).toEqual({ family: 'IPv4', count: 10, message: 'and more service ports changed' });
  });
});

describe('changes of the kernel', () => {
  it('are a line each', () => {
    const { lines, logger } = aLog(4);
    logKernelChanges(logger, 'IPv6', () => '*nat\n-A X\n\nCOMMIT\n');
    expect(lines.map(({ message }) => message)).toEqual(['change: *nat', 'change: -A X', 'change: COMMIT']);
  });

  it('are not even put into words for who did not ask', () => {
    logKernelChanges(aLog(3).logger, 'IPv4', () => {
      throw new Error('BUG: not asked for');
    });
  });
});
