/** Writes the slices of one Service. */
import { isNotFound } from '../failures.ts';
import type { TypedRegistry } from '../typed-registry.ts';
import type { ForeignWrites } from './foreign-writes.ts';
import type { EndpointSlice } from './slice-packing.ts';

interface SliceWrites {
  /** Without names. */
  readonly create: readonly EndpointSlice[];
  readonly update: readonly EndpointSlice[];
  readonly remove: readonly EndpointSlice[];
}

export class SliceWriter {
  readonly #registry: Pick<TypedRegistry, 'create' | 'update' | 'delete'>;
  readonly #foreign: Pick<ForeignWrites, 'wrote' | 'deleted'>;

  /** @param foreign is told of these writes, which are none of its */
  constructor(
    registry: Pick<TypedRegistry, 'create' | 'update' | 'delete'>,
    foreign: Pick<ForeignWrites, 'wrote' | 'deleted'>,
  ) {
    this.#registry = registry;
    this.#foreign = foreign;
  }

  /**
   * Those that are created become durable together, then those that are updated, then those that are removed: an endpoint that
   * moves to another slice is in one of them all the time, also if a write is refused.
   *
   * @param owner key of the Service, or of the Endpoints object that the slices mirror
   * @throws StatusError of the first that is refused
   */
  async write(owner: string, { create, update, remove }: SliceWrites): Promise<void> {
    await all(create.map((slice) => this.#write('create', owner, slice)));
    await all(update.map((slice) => this.#write('update', owner, slice)));
    await all(remove.map((slice) => this.#remove(slice)));
  }

  async #write(verb: 'create' | 'update', owner: string, slice: EndpointSlice): Promise<void> {
    const { stored } = await this.#registry[verb]('endpointslices', slice);
    this.#foreign.wrote(owner, stored);
  }

  /** One that is gone already is removed, too. */
  async #remove({ metadata }: EndpointSlice): Promise<void> {
    const { namespace = '', name = '', uid = '' } = metadata;
    try {
      await this.#registry.delete('endpointslices', namespace, name, { preconditions: { uid } });
      this.#foreign.deleted({ namespace, name });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** Waits for all of them, so that nothing is under way any more when one has failed. */
async function all(writes: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(writes);
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
}
