import {
  DEPLOYMENT,
  object,
  POD,
  patch,
  patched,
  refusal,
  service,
  status,
  WEB,
} from '@menwei/testing/cluster/patching.ts';
import { describe, expect, it } from 'vitest';

describe('a strategic merge patch', () => {
  const ports = (body: unknown, current = WEB) => patched('strategic', current, { spec: body }).spec.ports;

  it('merges ports by their number, new ones first if the patch has them first', () => {
    expect(
      ports({
        ports: [
          { port: 81, name: 'b' },
          { port: 80, name: 'a' },
        ],
      }),
    ).toEqual([
      { port: 81, name: 'b' },
      { protocol: 'TCP', port: 80, targetPort: 80, name: 'a' },
    ]);
  });

  it('deletes an item, replaces a list or a map', () => {
    expect(
      ports({
        ports: [
          { port: 82, name: 'c' },
          { $patch: 'delete', port: 80 },
        ],
      }),
    ).toEqual([{ port: 82, name: 'c' }]);
    expect(ports({ ports: [{ port: 90 }, { $patch: 'replace' }] })).toEqual([{ port: 90 }]);
    const { spec } = patched('strategic', WEB, {
      spec: { selector: { $patch: 'replace', run: 'x' }, type: null },
    });
    expect(spec.selector).toEqual({ run: 'x' });
    expect(spec.type).toBeUndefined();
    expect(
      patched('strategic', WEB, { spec: { selector: { $patch: 'delete' } } }).spec.selector,
    ).toBeUndefined();
  });

  it('merges maps key by key, null deletes', () => {
    const { spec } = patched('strategic', WEB, { spec: { selector: { a: 'b', app: null, nope: null } } });
    expect(spec.selector).toEqual({ a: 'b' });
  });

  it('orders a list as it says, and leaves the others where they stood', () => {
    const current = service({ ports: [1, 2, 3, 4].map((port) => ({ port })) });
    const numbers = (body: unknown) => ports(body, current).map(({ port }: { port: number }) => port);
    expect(numbers({ '$setElementOrder/ports': [{ port: 4 }, { port: 2 }] })).toEqual([1, 3, 4, 2]);
    expect(
      numbers({ '$setElementOrder/ports': [{ port: 9 }, { port: 4 }, { port: 1 }], ports: [{ port: 9 }] }),
    ).toEqual([9, 2, 3, 4, 1]);
    const contradiction = {
      '$setElementOrder/ports': [{ port: 1 }, { port: 9 }],
      ports: [{ port: 9 }, { port: 1 }],
    };
    expect(refusal(() => patch('strategic', current, { spec: contradiction }))).toMatchObject({ code: 400 });
  });

  it('merges sets of plain values, and takes values out of them', () => {
    const current = service({}, { name: 'p', finalizers: ['a', 'b', 'c'] });
    const finalizers = (metadata: object) => patched('strategic', current, { metadata }).metadata.finalizers;
    expect(finalizers({ finalizers: ['d', 'a'] })).toEqual(['d', 'a', 'b', 'c']);
    expect(finalizers({ '$deleteFromPrimitiveList/finalizers': ['b'] })).toEqual(['a', 'c']);
    expect(finalizers({ '$setElementOrder/finalizers': ['c', 'a'] })).toEqual(['b', 'c', 'a']);
  });

  it('keeps of a union only what it names', () => {
    const current = object(DEPLOYMENT, {
      spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } },
    });
    const strategy = { $retainKeys: ['type'], type: 'Recreate' };
    expect(patched('strategic', current, { spec: { strategy } }).spec.strategy).toEqual({ type: 'Recreate' });
    const wrong = { spec: { strategy: { $retainKeys: ['rollingUpdate'], type: 'Recreate' } } };
    expect(refusal(() => patch('strategic', current, wrong))).toEqual(
      status(400, 'BadRequest', 'invalid patch format of retainKeys'),
    );
  });

  it('goes into lists in lists', () => {
    const current = object(POD, {
      spec: { containers: [{ name: 'a', env: [{ name: 'X', value: '1' }], args: ['x'] }] },
    });
    const containers = [{ name: 'a', env: [{ name: 'Y', value: '2' }], args: ['y'] }];
    expect(patched('strategic', current, { spec: { containers } }).spec.containers).toEqual([
      {
        name: 'a',
        env: [
          { name: 'Y', value: '2' },
          { name: 'X', value: '1' },
        ],
        args: ['y'],
      },
    ]);
  });

  it.each([
    [
      { spec: { ports: [{ $patch: 'nope', port: 80 }] } },
      'unknown patch type: nope in map: map[$patch:nope port:80]',
    ],
    [
      { spec: { ports: [{ protocol: 'TCP' }] } },
      'map: map[protocol:TCP] does not contain declared merge key: port',
    ],
    [{ spec: { ports: [{ $patch: 'merge' }] } }, 'merging lists cannot yet be specified in the patch'],
    [{ metadata: { '$deleteFromPrimitiveList/finalizers': 1 } }, 'invalid patch format of primitive list'],
    ['{', 'unexpected end of JSON input'],
  ])('%j is refused', (body, message) => {
    expect(refusal(() => patch('strategic', WEB, body))).toEqual(status(400, 'BadRequest', message));
  });
});
