/** The paths of a group and version as far as kubectl looks at them: which kind they are of, and what a PATCH takes. */
import type { Resource } from '../kinds/resource.ts';
import type { JsonObject } from '../schema/json.ts';
import { apiVersionOf } from '../schema/object.ts';

/** Parameters of a PATCH; by these kubectl finds out whether the server validates fields and knows dry runs. */
const PATCH_PARAMETERS: readonly (readonly [name: string, type: 'string' | 'boolean'])[] = [
  ['dryRun', 'string'],
  ['fieldManager', 'string'],
  ['fieldValidation', 'string'],
  ['force', 'boolean'],
];

/** @param describeQuery writes a parameter in the dialect of the document */
export function pathsOf(
  resources: readonly Resource[],
  describeQuery: (name: string, type: string) => JsonObject,
): JsonObject {
  return Object.fromEntries(
    resources.flatMap((resource) => {
      const { resource: plural, isNamespaced, verbs } = resource;
      const collection = `/${groupPath(resource)}/${isNamespaced ? 'namespaces/{namespace}/' : ''}${plural}`;
      const operation = (action: string, more: JsonObject = {}) => describeOperation(resource, action, more);
      const onCollection = {
        ...(verbs.includes('list') ? { get: operation('list') } : {}),
        ...(verbs.includes('create') ? { post: operation('post') } : {}),
      };
      const paths: [string, JsonObject][] = [[collection, onCollection]];
      if (verbs.includes('patch')) {
        const parameters = PATCH_PARAMETERS.map(([name, type]) => describeQuery(name, type));
        paths.push([
          `${collection}/{name}`,
          { get: operation('get'), patch: operation('patch', { parameters }) },
        ]);
      }
      return paths;
    }),
  );
}

/** Of its group and version: `api/v1`, `apis/discovery.k8s.io/v1`. */
export function groupPath(resource: Resource): string {
  return `${resource.group === '' ? 'api' : 'apis'}/${apiVersionOf(resource)}`;
}

function describeOperation({ group, version, kind }: Resource, action: string, more: JsonObject): JsonObject {
  const groupName = group === '' ? 'core' : (group.split('.')[0] ?? '');
  return {
    operationId: `${action}${capital(groupName)}${capital(version)}${kind}`,
    ...more,
    responses: {},
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
}

function capital(word: string): string {
  return `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`;
}
