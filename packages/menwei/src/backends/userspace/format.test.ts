import { aRelay, aRelayEndpoint } from '@menwei/testing/relay/testing.ts';
import { expect, it } from 'vitest';
import type { Relay } from '../../relay/contract.ts';
import type { RelayChange } from './changes.ts';
import { formatChanges } from './format.ts';

const [one, two] = [aRelayEndpoint('10.0.0.1', 80), aRelayEndpoint('10.0.0.2', 80)];
const relay = aRelay(40_000, [one, two]);
const at = (...ports: readonly number[]): Relay['listeners'] =>
  ports.map((port) => ({ ip: '0.0.0.0', port, endpoints: [one] }));

it.each<[string, RelayChange, readonly string[]]>([
  [
    'a new relay',
    { before: undefined, after: relay },
    ['listen TCP 127.0.0.1:40000 for default/web:http → 10.0.0.1:80 10.0.0.2:80'],
  ],
  [
    'weights',
    {
      before: relay,
      after: aRelay(40_000, [
        { ...one, turns: 1 },
        { ...two, turns: 5 },
      ]),
    },
    ['listen TCP 127.0.0.1:40000 for default/web:http → 10.0.0.1:80 (1 turn) 10.0.0.2:80 (5 turns)'],
  ],
  [
    'affinity',
    { before: undefined, after: { ...relay, listeners: at(40_000), affinityMs: 10_800_000 } },
    ['listen TCP 0.0.0.0:40000 for default/web:http → 10.0.0.1:80 (affinity 3h)'],
  ],
  [
    'another affinity',
    { before: relay, after: { ...relay, affinityMs: 90_000 } },
    ['listen TCP 127.0.0.1:40000 for default/web:http → 10.0.0.1:80 10.0.0.2:80 (affinity 90s)'],
  ],
  [
    'a relay that goes',
    { before: relay, after: undefined },
    ['close TCP 127.0.0.1:40000 for default/web:http'],
  ],
  [
    'one listener for another',
    { before: { ...relay, listeners: at(1, 2) }, after: { ...relay, listeners: at(2, 3) } },
    ['close TCP 0.0.0.0:1 for default/web:http', 'listen TCP 0.0.0.0:3 for default/web:http → 10.0.0.1:80'],
  ],
  [
    'what connections may stay with',
    { before: { ...relay, usable: [] }, after: relay },
    ['TCP connections of default/web:http may stay with: 10.0.0.1:80 10.0.0.2:80'],
  ],
])('%s', (_name, change, lines) => {
  const text = formatChanges({ script: [], relays: new Map([[relay.key, change]]), portless: [] });
  expect(text).toBe(lines.map((line) => `# ${line}\n`).join(''));
});
