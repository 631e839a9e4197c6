/** What nf_tables refuses, and with which error number; and what its client never asks it. Only tests import this file. */
import { constants } from 'node:os';
import {
  type Element,
  type Operation,
  parseKey,
  type SetDeclaration,
  type TableFamily,
} from '@menwei/netlink/nftables';
import {
  add,
  addRule,
  chain,
  element,
  elementOf,
  goTo,
  hook,
  lookup,
  MASQUERADE,
  NUMBERS,
  PORTS,
  PROTOCOL,
  PROTOCOLS,
  REFUSE,
  remove,
  setOf,
  setsOf,
  VALUES,
} from './nf-tables-objects.ts';

const { EBUSY, EEXIST, ENOENT, EINVAL, EMLINK, EOPNOTSUPP } = constants.errno;

/** What is there already when the kernel refuses something. */
export function given(family: TableFamily): readonly Operation[] {
  const { NETS, SOURCES, ADDRESSES } = setsOf(family);
  const { a, net } = VALUES[family];
  return [
    ...[PORTS, NUMBERS, PROTOCOLS, ADDRESSES, NETS, SOURCES].map(
      (set): Operation => ({ do: 'add set', set }),
    ),
    { do: 'add chain', chain: chain('input', hook('filter', 'input')) },
    { do: 'add chain', chain: chain('postrouting', hook('nat', 'postrouting')) },
    ...['one', 'two', 'three'].map((name): Operation => ({ do: 'add chain', chain: chain(name) })),
    addRule('one', goTo('two')),
    addRule('input', PROTOCOL, lookup('protocols', undefined)),
    add(PORTS, element('80', 'goto three')),
    add(NUMBERS, element('tcp . 1', '8080')),
    add(NETS, element(net)),
    add(SOURCES, element(`${a} . 80 . ${net}`)),
  ];
}

type Refusal = readonly [what: string, errno: number, operations: readonly Operation[]];

export function refusals(family: TableFamily): readonly Refusal[] {
  const { NETS, SOURCES } = setsOf(family);
  const { a, net, inner } = VALUES[family];
  return [
    ['a rule for a missing chain', ENOENT, [addRule('nowhere', REFUSE)]],
    ['a goto to a missing chain', ENOENT, [addRule('one', goTo('nowhere'))]],
    [
      'a goto to a chain that comes later',
      ENOENT,
      [addRule('one', goTo('late')), { do: 'add chain', chain: chain('late') }],
    ],
    ['a goto to a chain with a hook', EOPNOTSUPP, [addRule('one', goTo('postrouting'))]],
    ['an element that leads to a missing chain', ENOENT, [add(PORTS, element('81', 'goto nowhere'))]],
    [
      'an element that leads to a chain with a hook',
      EOPNOTSUPP,
      [add(PORTS, element('81', 'goto postrouting'))],
    ],
    ['a lookup in a missing set', ENOENT, [addRule('one', PROTOCOL, lookup('nowhere', undefined))]],
    ['a verdict from a set', EINVAL, [addRule('one', PROTOCOL, lookup('protocols', 'verdict'))]],
    ['a value from a map of verdicts', EINVAL, [addRule('one', PROTOCOL, lookup('ports', 0))]],
    [
      'an update of a set that is not dynamic',
      EOPNOTSUPP,
      [addRule('one', PROTOCOL, { name: 'update', set: 'ports', key: 0, data: 0, timeoutMs: 1000 })],
    ],
    ['an element with other data', EEXIST, [add(NUMBERS, element('tcp . 1', '8081'))]],
    ['an element with another verdict', EEXIST, [add(PORTS, element('80', 'goto two'))]],
    ['an element of a missing set', ENOENT, [add(setOf('nowhere', ['inet_proto']), element('tcp'))]],
    ['a range in another', EEXIST, [add(NETS, element(inner))]],
    [
      'a range around another',
      EEXIST,
      [remove(NETS, net), add(NETS, element(inner)), add(NETS, element(net))],
    ],
    ['a source range in another', EEXIST, [add(SOURCES, element(`${a} . 80 . ${inner}`))]],
    ['the removal of an element that is not there', ENOENT, [remove(PORTS, '81')]],
    ['the removal of a part of a range', ENOENT, [remove(NETS, inner)]],
    ['a second removal', ENOENT, [remove(PORTS, '80'), remove(PORTS, '80')]],
    ['the removal of a missing chain', ENOENT, [{ do: 'delete chain', chain: 'nowhere' }]],
    ['the removal of a chain that a rule leads to', EBUSY, [{ do: 'delete chain', chain: 'two' }]],
    ['the removal of a chain that an element leads to', EBUSY, [{ do: 'delete chain', chain: 'three' }]],
    ['the flush of a missing chain', ENOENT, [{ do: 'flush chain', chain: 'nowhere' }]],
    ['the removal of a missing set', ENOENT, [{ do: 'delete set', set: 'nowhere' }]],
    ['the removal of a set that a rule uses', EBUSY, [{ do: 'delete set', set: 'protocols' }]],
    [
      'a set that is there and another one',
      EEXIST,
      [{ do: 'add set', set: { ...PROTOCOLS, key: ['inet_service'] } }],
    ],
    [
      'a chain that is there and has another hook',
      EOPNOTSUPP,
      [{ do: 'add chain', chain: chain('input', hook('filter', 'forward')) }],
    ],
    [
      'a hook for a chain that has none',
      EOPNOTSUPP,
      [{ do: 'add chain', chain: chain('one', hook('filter', 'forward')) }],
    ],
    [
      'a circle that packets can get into',
      EMLINK,
      [addRule('two', goTo('one')), addRule('input', goTo('one'))],
    ],
    [
      'a circle through a map',
      EMLINK,
      [addRule('three', PROTOCOL, lookup('ports', 'verdict')), addRule('input', goTo('three'))],
    ],
    [
      'masquerading in a filter chain',
      EOPNOTSUPP,
      [addRule('two', MASQUERADE), addRule('input', goTo('two'))],
    ],
    ['refusing after routing', EOPNOTSUPP, [addRule('two', REFUSE), addRule('postrouting', goTo('two'))]],
    [
      'refusing after routing through a map',
      EOPNOTSUPP,
      [addRule('three', REFUSE), addRule('postrouting', PROTOCOL, lookup('ports', 'verdict'))],
    ],
  ];
}

type Mistake = readonly [what: string, set: SetDeclaration, element: Element];

/** Broken invariants, which are found while a transaction is encoded. */
export function mistakes(family: TableFamily): readonly Mistake[] {
  const { ADDRESSES, NETS } = setsOf(family);
  const { a, b } = VALUES[family];
  const other = setsOf(family === 'ip' ? 'ip6' : 'ip').ADDRESSES;
  const https = elementOf(PORTS, element('443', 'drop'));
  const [first, last] = [parseKey(ADDRESSES, b), parseKey(ADDRESSES, a)];
  return [
    ['an address for a port', PORTS, { ...https, key: parseKey(ADDRESSES, a) }],
    ['a word that is no verdict', PORTS, { ...https, data: 'perhaps' }],
    ['no verdict', PORTS, { ...https, data: undefined }],
    ['a comment that nft would not take', PORTS, { ...https, comment: 'a'.repeat(129) }],
    [
      'a key with a field less',
      NUMBERS,
      { ...elementOf(NUMBERS, element('tcp . 1', '80')), key: '\x06\0\0\0' },
    ],
    [
      'a value of another size',
      NUMBERS,
      { ...elementOf(NUMBERS, element('tcp . 1', '80')), data: '\0\0\0\x50' },
    ],
    [
      'an address of the other family',
      ADDRESSES,
      elementOf(other, element(family === 'ip' ? 'fd00::1' : '10.0.0.1')),
    ],
    ['a range that ends before it begins', NETS, { key: first + last, data: undefined, comment: '' }],
  ];
}
