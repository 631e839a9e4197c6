/** What the server says it has (cluster § 5.3): in one document for new clients, in one for each group and version for old. Pure. */

import type { Resource } from '../kinds/resource.ts';
import { RESOURCES } from '../kinds/resources.ts';
import { apiVersionOf } from '../schema/object.ts';
import { SUBRESOURCE_VERBS } from './target.ts';

interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** What a subresource takes and gives, where that is not the object itself. */
const SUBRESOURCE_KINDS: Readonly<Record<string, GroupVersionKind>> = {
  attach: { group: '', version: '', kind: 'PodAttachOptions' },
  binding: { group: '', version: '', kind: 'Binding' },
  eviction: { group: 'policy', version: 'v1', kind: 'Eviction' },
  exec: { group: '', version: '', kind: 'PodExecOptions' },
  portforward: { group: '', version: '', kind: 'PodPortForwardOptions' },
  token: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' },
};

const GROUPS: readonly string[] = [...new Set(RESOURCES.map(({ group }) => group))];

/** All groups but the core group, in the order of discovery. */
export const NAMED_GROUPS: readonly string[] = GROUPS.filter((group) => group !== '');

/** The answer to `/api` or `/apis` for who asks for all at once. */
export function aggregatedDiscovery(groups: readonly string[]): object {
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: 'apidiscovery.k8s.io/v2',
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: [
        {
          version: versionOf(group),
          resources: resourcesOf(group).map(aggregatedResource),
          freshness: 'Current',
        },
      ],
    })),
  };
}

function aggregatedResource(resource: Resource): object {
  const { singular, isNamespaced, verbs, shortNames, categories, subresources } = resource;
  return {
    resource: resource.resource,
    responseKind: { group: '', version: '', kind: resource.kind },
    scope: isNamespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0
      ? {}
      : {
          subresources: subresources.map((subresource) => ({
            subresource,
            responseKind: SUBRESOURCE_KINDS[subresource] ?? { group: '', version: '', kind: resource.kind },
            verbs: SUBRESOURCE_VERBS[subresource] ?? [],
          })),
        }),
  };
}

/** @param serverAddress where the server is reached: `192.0.2.10:6443` */
export function apiVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

export function apiGroupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: NAMED_GROUPS.map(groupOf) };
}

/** Undefined: there is no such group. */
export function apiGroup(group: string): object | undefined {
  return NAMED_GROUPS.includes(group) ? { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(group) } : undefined;
}

function groupOf(name: string) {
  const own = versionOf(name);
  const version = { groupVersion: `${name}/${own}`, version: own };
  return { name, versions: [version], preferredVersion: version };
}

/** Each group has one. */
function versionOf(group: string): Resource['version'] {
  return RESOURCES.find((each) => each.group === group)?.version ?? 'v1';
}

/** Undefined: there is no such group, or not in this version. */
export function apiResourceList(group: string, version: string): object | undefined {
  const [first, ...others] = resourcesOf(group);
  if (first?.version !== version) return undefined;
  return {
    kind: 'APIResourceList',
    // The core group's has none.
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(first),
    resources: [first, ...others].flatMap(legacyResources),
  };
}

function legacyResources(resource: Resource): readonly object[] {
  const { singular, isNamespaced: namespaced, kind, verbs, shortNames, categories } = resource;
  const subresources = resource.subresources.map((subresource) => {
    const name = `${resource.resource}/${subresource}`;
    const other = SUBRESOURCE_KINDS[subresource];
    const own = {
      ...(other === undefined || other.group === '' ? {} : { group: other.group, version: other.version }),
      kind: other?.kind ?? kind,
    };
    return { name, singularName: '', namespaced, ...own, verbs: SUBRESOURCE_VERBS[subresource] ?? [] };
  });
  return [
    {
      name: resource.resource,
      singularName: singular,
      namespaced,
      kind,
      verbs,
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...subresources,
  ];
}

/** In the order of names. */
function resourcesOf(group: string): readonly Resource[] {
  return RESOURCES.filter((each) => each.group === group).toSorted((a, b) =>
    a.resource < b.resource ? -1 : 1,
  );
}
