/** The one implementation of {@link Registry}: each write is one transaction of the store. */
import type { WriteHook } from '../allocation/write-hook.ts';
import type { KindRules } from '../kinds/kind-rules.ts';
import { validateMetadata, validateMetadataUpdate } from '../kinds/metadata.ts';
import type { Resource } from '../kinds/resource.ts';
import { rulesOf } from '../kinds/rules.ts';
import { type FieldError, required } from '../schema/field-error.ts';
import type { ApiObject, ObjectMeta } from '../schema/object.ts';
import { alreadyExists, objectInvalid, objectNotFound, StatusError } from '../schema/status-error.ts';
import type { Store, StoredObject, Transaction } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { isReleased, planDeletion } from './deletion.ts';
import { requireMortal, requireOpenNamespace } from './namespace-rules.ts';
import { generateName, isSameSpec, newMetadata, replacedMetadata } from './object-metadata.ts';
import { checkDeletePreconditions, checkIdentity, checkName, checkStatusAlone } from './preconditions.ts';
import type {
  DeleteOptions,
  DeleteResult,
  Registry,
  UpdateOptions,
  WriteOptions,
  WriteResult,
} from './registry.ts';
import { asBefore, canonical, putObject, storedAs, withoutVersion } from './stored-form.ts';
import { changedParts } from './subresource.ts';

const NAME_ATTEMPTS = 8;

interface RegistryOptions {
  readonly store: Store;
  /** By the name of the resource in the store; in this order. */
  readonly hooks: Readonly<Record<string, readonly WriteHook[]>>;
  readonly nowMs: () => number;
  readonly newUid: () => string;
  /** At least 0, below 1. */
  readonly random: () => number;
}

export class ObjectRegistry implements Registry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  create(
    resource: Resource,
    namespace: string,
    object: ApiObject,
    options: WriteOptions = {},
  ): Promise<WriteResult> {
    return this.#run(options, (transaction) =>
      this.#create(transaction, resource, namespace, object, options),
    );
  }

  update(
    resource: Resource,
    namespace: string,
    name: string,
    object: ApiObject,
    options: UpdateOptions = {},
  ): Promise<WriteResult> {
    const rules = rulesOf(resource);
    return this.#run(options, (transaction) => {
      const old = transaction.get(storedAs(resource), namespace, name);
      if (old !== undefined) {
        return this.#replace(transaction, resource, old, parseStored(old), object, options);
      }
      const isWholeObject = (options.subresource ?? '') === '';
      if (!isWholeObject || rules.createsOnUpdate !== true) throw objectNotFound(resource, name);
      checkName(name, object.metadata);
      return this.#create(transaction, resource, namespace, object, options);
    });
  }

  change(
    resource: Resource,
    namespace: string,
    name: string,
    change: (current: ApiObject) => ApiObject,
    options: UpdateOptions = {},
  ): Promise<WriteResult> {
    return this.#run(options, (transaction) => {
      const old = transaction.get(storedAs(resource), namespace, name);
      if (old === undefined) throw objectNotFound(resource, name);
      const current = parseStored(old);
      return this.#replace(transaction, resource, old, current, change(current), options);
    });
  }

  delete(
    resource: Resource,
    namespace: string,
    name: string,
    options: DeleteOptions = {},
  ): Promise<DeleteResult> {
    return this.#run(options, (transaction) => this.#delete(transaction, resource, namespace, name, options));
  }

  async deleteCollection(
    resource: Resource,
    namespace: string | undefined,
    matches: (stored: StoredObject) => boolean,
    options: DeleteOptions = {},
  ): Promise<readonly StoredObject[]> {
    const all = Array.from(this.#options.store.list(storedAs(resource), namespace)).filter(matches);
    const results = await Promise.all(
      all.map(async (stored) => {
        try {
          return (await this.delete(resource, stored.namespace, stored.name, options)).stored;
        } catch (error) {
          // Somebody else was faster.
          if (error instanceof StatusError && error.code === 404) return undefined;
          throw error;
        }
      }),
    );
    return results.filter((stored) => stored !== undefined);
  }

  async #run<Result>(
    { isDryRun = false }: WriteOptions,
    work: (transaction: Transaction) => Result,
  ): Promise<Result> {
    const { store } = this.#options;
    return isDryRun ? store.rehearse(work) : store.transact(work);
  }

  #create(
    transaction: Transaction,
    resource: Resource,
    namespace: string,
    given: ApiObject,
    { isDryRun = false }: WriteOptions,
  ): WriteResult {
    const { nowMs, newUid } = this.#options;
    const rules = rulesOf(resource);
    const name = this.#nameOf(transaction, resource, namespace, given.metadata);
    const metadata = newMetadata({ ...given.metadata, name }, namespace, {
      uid: newUid(),
      nowMs: nowMs(),
      countsGeneration: rules.countsGeneration === true,
    });
    if (namespace !== '') requireOpenNamespace(transaction, namespace, resource, name);
    const sent = rules.defaults({ ...given, metadata });
    const prepared = rules.prepareForCreate?.(sent, nowMs()) ?? sent;
    const object = this.#allocate(transaction, resource, prepared, undefined, isDryRun);
    refuse(resource, name, [
      ...validateMetadata(object.metadata, {
        isNamespaced: resource.isNamespaced,
        validateName: rules.validateName,
      }),
      ...rules.validate(object),
    ]);
    if (transaction.get(storedAs(resource), namespace, name) !== undefined) {
      throw alreadyExists(resource, name);
    }
    const stored = putObject(transaction, resource, object);
    const answered = isDryRun ? withoutVersion(stored) : stored;
    return { stored: answered, isNew: true, warnings: rules.warnings?.(object) ?? [] };
  }

  /** What was given, or a generated one that is free. */
  #nameOf(transaction: Transaction, resource: Resource, namespace: string, metadata: ObjectMeta): string {
    const { name = '', generateName: prefix = '' } = metadata;
    if (name !== '') return name;
    if (prefix === '') {
      throw objectInvalid(resource, '', [required('metadata.name', 'name or generateName is required')]);
    }
    let generated = '';
    for (let attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
      generated = generateName(prefix, this.#options.random);
      if (transaction.get(storedAs(resource), namespace, generated) === undefined) break;
    }
    return generated;
  }

  #replace(
    transaction: Transaction,
    resource: Resource,
    oldStored: StoredObject,
    old: ApiObject,
    given: ApiObject,
    { isDryRun = false, subresource = '', statusAlone = false }: UpdateOptions,
  ): WriteResult {
    const rules = rulesOf(resource);
    const { name } = oldStored;
    checkIdentity(resource, rules, name, given.metadata, oldStored);
    const sent = rules.defaults({ ...given, metadata: replacedMetadata(given.metadata, old.metadata) });
    if (statusAlone) checkStatusAlone(resource, name, sent.metadata, old.metadata);
    const prepared = changedParts(resource, rules, subresource, sent, old);
    const isOfSpec = subresource === '' || subresource === 'binding';
    const allocated = isOfSpec ? this.#allocate(transaction, resource, prepared, old, isDryRun) : prepared;
    refuse(resource, name, [
      ...validateMetadataUpdate(allocated.metadata, old.metadata),
      ...validateChange(rules, subresource, allocated, old),
    ]);
    const object = subresource === '' ? countGeneration(resource, rules, allocated, old) : allocated;
    // Whoever writes a status has not written what they are about.
    const warnings = subresource === '' ? (rules.warnings?.(object, old) ?? []) : [];
    if (oldStored.isBeingDeleted && isReleased(object)) {
      for (const hook of this.#hooksOf(resource)) hook.replaced?.(transaction, object, old);
      this.#remove(transaction, resource, oldStored, object);
      return { stored: asBefore(resource, oldStored, object), isNew: false, warnings };
    }
    const stored = putObject(transaction, resource, object);
    for (const hook of this.#hooksOf(resource)) hook.replaced?.(transaction, object, old);
    const answered = isDryRun ? asBefore(resource, oldStored, object) : stored;
    return { stored: answered, isNew: false, warnings };
  }

  #delete(
    transaction: Transaction,
    resource: Resource,
    namespace: string,
    name: string,
    options: DeleteOptions,
  ): DeleteResult {
    const resourceName = storedAs(resource);
    const stored = transaction.get(resourceName, namespace, name);
    if (stored === undefined) throw objectNotFound(resource, name);
    checkDeletePreconditions(resource, name, options, stored);
    requireMortal(resourceName, name);
    const object = parseStored(stored);
    const { countsGeneration = false } = rulesOf(resource);
    const plan = planDeletion(resourceName, object, options, this.#options.nowMs(), countsGeneration);
    const marked = plan.object === object ? stored : putObject(transaction, resource, plan.object);
    if (!plan.isGone) return { stored: marked, isGone: false };
    return { stored: this.#remove(transaction, resource, marked, plan.object), isGone: true };
  }

  #remove(
    transaction: Transaction,
    resource: Resource,
    { namespace, name }: StoredObject,
    object: ApiObject,
  ): StoredObject {
    const removed = transaction.delete(storedAs(resource), namespace, name);
    for (const hook of this.#hooksOf(resource)) hook.removed?.(transaction, object);
    return removed;
  }

  #allocate(
    transaction: Transaction,
    resource: Resource,
    object: ApiObject,
    old: ApiObject | undefined,
    isDryRun: boolean,
  ): ApiObject {
    return this.#hooksOf(resource).reduce(
      (so, hook) => hook.allocate?.(transaction, so, old, isDryRun) ?? so,
      object,
    );
  }

  #hooksOf(resource: Resource): readonly WriteHook[] {
    return this.#options.hooks[storedAs(resource)] ?? [];
  }
}

function refuse(resource: Resource, name: string, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw objectInvalid(resource, name, errors);
}

function validateChange(
  rules: KindRules,
  subresource: string,
  object: ApiObject,
  old: ApiObject,
): readonly FieldError[] {
  if (subresource === 'binding') return [];
  if (subresource === 'finalize') return rules.validateFinalize?.(object, old) ?? [];
  if (subresource === 'status') return rules.validateStatusUpdate?.(object, old) ?? [];
  return [...rules.validate(object, old), ...(rules.validateUpdate?.(object, old) ?? [])];
}

function countGeneration(resource: Resource, rules: KindRules, object: ApiObject, old: ApiObject): ApiObject {
  if (rules.countsGeneration !== true) return object;
  const before = canonical(resource, old);
  if (isSameSpec(canonical(resource, object), before)) return object;
  const generation = (old.metadata.generation ?? 0) + 1;
  return { ...object, metadata: { ...object.metadata, generation } };
}
