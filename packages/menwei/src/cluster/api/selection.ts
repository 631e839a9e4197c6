/** Which objects of a resource a request is about. Pure. */
import {
  demandedValue,
  type FieldSelector,
  matchesFields,
  parseFieldSelector,
} from '../kinds/field-selector.ts';
import { type LabelSelector, matchesLabels, parseLabelSelector } from '../kinds/label-selector.ts';
import type { Resource } from '../kinds/resource.ts';
import type { IndexName, StoredObject, StoreView } from '../store/store.ts';

const SERVICE_NAME = 'kubernetes.io/service-name';

/** Namespace, label selector and field selector of a list, watch or deletecollection. */
export class Selection {
  /** Undefined: all namespaces, or the kind has none. */
  readonly namespace: string | undefined;
  /** Demanded of every object. */
  readonly name: string | undefined;
  readonly nodeName: string | undefined;
  /** Of the one object that can match. */
  readonly #key: readonly [namespace: string, name: string] | undefined;
  readonly #labels: LabelSelector;
  readonly #fields: FieldSelector;

  /**
   * @param namespace empty for all
   * @throws StatusError 400
   */
  constructor(resource: Resource, namespace: string, labelSelector: string, fieldSelector: string) {
    this.#labels = parseLabelSelector(labelSelector);
    this.#fields = parseFieldSelector(resource, fieldSelector);
    this.namespace = namespace === '' ? undefined : namespace;
    this.name = demandedValue(this.#fields, 'metadata.name');
    const isOne = this.namespace !== undefined || !resource.isNamespaced;
    this.#key = isOne && this.name !== undefined ? [namespace, this.name] : undefined;
    this.nodeName = resource.storedAs === 'pods' ? demandedValue(this.#fields, 'spec.nodeName') : undefined;
  }

  get isOfAll(): boolean {
    return this.#labels.length === 0 && this.#fields.length === 0;
  }

  matches(object: StoredObject): boolean {
    return (
      (this.namespace === undefined || object.namespace === this.namespace) &&
      matchesLabels(this.#labels, object.labels) &&
      matchesFields(this.#fields, object)
    );
  }

  /** All that may match, from an index where there is one; in the order of keys. */
  candidates(store: StoreView, storedAs: string): Iterable<StoredObject> {
    if (this.#key !== undefined) {
      const object = store.get(storedAs, ...this.#key);
      return object === undefined ? [] : [object];
    }
    const index = this.#index(storedAs);
    return index === undefined
      ? store.list(storedAs, this.namespace)
      : store.listBy(storedAs, index.name, index.value);
  }

  #index(storedAs: string): { readonly name: IndexName; readonly value: string } | undefined {
    if (this.nodeName !== undefined && this.nodeName !== '')
      return { name: 'nodeName', value: this.nodeName };
    if (storedAs !== 'endpointslices' || this.namespace === undefined) return undefined;
    const service = this.#labels.find(
      ({ key, operator }) => key === SERVICE_NAME && (operator === '=' || operator === '=='),
    )?.values[0];
    return service === undefined || service === ''
      ? undefined
      : { name: 'serviceName', value: `${this.namespace}/${service}` };
  }
}
