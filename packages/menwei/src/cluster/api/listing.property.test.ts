/** Laws of lists and watches, over any writes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import { StatusError } from '../schema/status-error.ts';
import { openMemoryStore } from '../store/local-store.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { decodeToken, encodeToken } from './continue-token.ts';
import { type ListOptions, parseListOptions, parseWatchOptions } from './list-options.ts';
import { listObjects } from './listing.ts';
import { Revisions } from './revisions.ts';
import { Selection } from './selection.ts';
import { noticeOf } from './watch-events.ts';
import { WatchHub } from './watch-hub.ts';

const PODS = resourceOf('', 'pods');
const NAMESPACES = ['a', 'a-b', 'b'] as const;
const NODES = ['n1', 'n2'] as const;

interface Write {
  readonly namespace: (typeof NAMESPACES)[number];
  readonly name: string;
  /** Undefined: it is deleted, if it is there. */
  readonly pod: { readonly label: string; readonly nodeName: string; readonly value: number } | undefined;
}

const write: fc.Arbitrary<Write> = fc.record({
  namespace: fc.constantFrom(...NAMESPACES),
  name: fc.constantFrom('x', 'x-1', 'y', 'z'),
  pod: fc.option(
    fc.record({ label: fc.constantFrom('1', '2'), nodeName: fc.constantFrom(...NODES), value: fc.nat(3) }),
    { nil: undefined },
  ),
});

const selection = fc
  .record({
    namespace: fc.constantFrom('', ...NAMESPACES),
    labels: fc.constantFrom('', 'l=1', 'l!=1', '!l'),
    fields: fc.constantFrom('', 'metadata.name=x', 'spec.nodeName=n1', 'metadata.name!=x'),
  })
  .map(({ namespace, labels, fields }) => new Selection(PODS, namespace, labels, fields));

async function apply(store: Store, { namespace, name, pod }: Write): Promise<void> {
  await store.transact((transaction) => {
    if (pod === undefined) {
      if (transaction.get('pods', namespace, name) !== undefined) transaction.delete('pods', namespace, name);
      return;
    }
    const metadata = { name, namespace, labels: { l: pod.label, v: String(pod.value) } };
    transaction.put('pods', {
      ...{ kind: 'Pod', apiVersion: 'v1', metadata },
      ...{ spec: { nodeName: pod.nodeName } },
    });
  });
}

const keyOf = ({ namespace, name }: StoredObject) => `${namespace}/${name}`;
const shown = (object: StoredObject) => `${keyOf(object)} ${object.revision}`;

function selected(store: Store, by: Selection): readonly string[] {
  return [...store.list('pods')].filter((object) => by.matches(object)).map(shown);
}

const listOptions = (query: string): ListOptions => parseListOptions(new URLSearchParams(query));

describe('a list', () => {
  it('in pages is the list as it was when it began, whatever is written meanwhile', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 30 }),
        fc.array(write, { maxLength: 10 }),
        selection,
        fc.integer({ min: 1, max: 4 }),
        async (before, meanwhile, by, limit) => {
          const store = openMemoryStore();
          const revisions = new Revisions(store);
          for (const each of before) await apply(store, each);
          const whole = selected(store, by);
          const begun = store.revision;
          const given: string[] = [];
          const between = [...meanwhile];
          for (let token = ''; ; ) {
            const options = listOptions(`limit=${limit}&continue=${token}`);
            const page = await listObjects(store, revisions, { storedAs: 'pods', selection: by, options });
            given.push(...page.objects.map(shown));
            expect(page.revision).toBe(begun);
            expect(page.objects.length <= limit).toBe(true);
            if (page.remainingItemCount !== undefined)
              expect(page.remainingItemCount).toBe(whole.length - given.length);
            const next = between.shift();
            if (next !== undefined) await apply(store, next);
            if (page.continueToken === undefined) break;
            token = page.continueToken;
          }
          expect(given).toEqual(whole);
        },
      ),
      { numRuns: 200 },
    ));
});

describe('a watch', () => {
  it('leads from any version to what there is, whatever is selected', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(write, { maxLength: 20 }),
        fc.array(write, { maxLength: 20 }),
        fc.array(selection, { minLength: 1, maxLength: 4 }),
        async (before, after, selections) => {
          const store = openMemoryStore();
          for (const each of before) await apply(store, each);
          using hub = new WatchHub(store);
          const watchers = selections.map((by) => {
            const known = new Map(selected(store, by).map((text) => [text.split(' ')[0] ?? '', text]));
            hub.add({
              storedAs: 'pods',
              selection: by,
              tell: (event) => {
                const notice = noticeOf(event, by);
                if (notice === undefined) return;
                const { type, object } = notice;
                expect(known.has(keyOf(object))).toBe(type !== 'ADDED');
                expect(parseStored(object).metadata.resourceVersion).toBe(String(event.revision));
                if (type === 'DELETED') known.delete(keyOf(object));
                else known.set(keyOf(object), shown(object));
              },
            });
            return { by, known };
          });
          for (const each of after) await apply(store, each);
          for (const { by, known } of watchers)
            expect([...known.values()].sort()).toEqual(selected(store, by).toSorted());
        },
      ),
      { numRuns: 200 },
    ));
});

describe('a token', () => {
  it('is read as it was written', () =>
    fc.assert(
      fc.property(
        fc.nat({ max: 1e9 }).map((revision) => (revision === 0 ? -1 : revision)),
        fc.constantFrom('', ...NAMESPACES),
        fc.constantFrom('x', 'x-1', '2001:db8::1'),
        (revision, namespace, name) => {
          const token = { revision, after: { namespace, name } };
          expect(decodeToken(encodeToken(token, false), '')).toEqual(token);
          expect(decodeToken(encodeToken(token, true), namespace)).toEqual(token);
        },
      ),
    ));

  it.each([
    ['zzz', "invalid character 'Ï' looking for beginning of value"],
    ['a b', 'illegal base64 data at input byte 1'],
    ['e30', 'server does not recognize this encoded version undefined'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 0, start: 'x' }), 'incorrect encoded start resourceVersion'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 1.5, start: 'x' }), 'incorrect encoded start resourceVersion'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 5 }), 'empty start key'],
    [tokenOf({ v: 'meta.k8s.io/v1', rv: 5, start: '/../x\0' }), 'invalid start key'],
  ])('of garbage is refused: %s', (token, why) => {
    expect(() => decodeToken(token, '')).toThrow(`invalid continue token: continue key is not valid: ${why}`);
  });

  function tokenOf(value: object): string {
    return Buffer.from(JSON.stringify(value)).toString('base64url');
  }
});

it('any query gives options or a Status', () =>
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          ...[
            'continue',
            'limit',
            'resourceVersion',
            'resourceVersionMatch',
            'sendInitialEvents',
            'timeoutSeconds',
          ],
        ),
        fc.oneof(fc.string(), fc.constantFrom('0', '1', '-1', 'Exact', 'NotOlderThan', 'true')),
      ),
      fc.string(),
      (given, token) => {
        const query = new URLSearchParams(given);
        for (const attempt of [
          () => parseListOptions(query),
          () => parseWatchOptions(query),
          () => decodeToken(token, ''),
        ]) {
          try {
            attempt();
          } catch (error) {
            if (!(error instanceof StatusError)) throw error;
          }
        }
      },
    ),
  ));
