/** Tells the election of Services, at the cost of what changed. */
import type { ObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Reader } from '../state/reader.ts';
import { SlicesByService } from '../state/slices-by-service.ts';
import { type AdvertisementView, announcedService } from './announced-addresses.ts';
import type { Election } from './election/election.ts';
import { endpointNodes } from './endpoint-nodes.ts';
import { PoolsByAddress } from './pool-of-address.ts';

type Taker = Pick<Reader<unknown>, 'close'> & { take(): readonly { readonly key: string }[] };
type Tables = Pick<ObjectTables, 'services' | 'endpointSlices' | 'addressPools' | 'l2Advertisements'>;

export class ServiceView implements Disposable {
  readonly #tables: Tables;
  readonly #election: Election;
  readonly #classes: ReadonlySet<string>;
  readonly #slicesByService = new SlicesByService();
  readonly #services: Taker;
  readonly #slices: ReturnType<Tables['endpointSlices']['reader']>;
  readonly #configuration: readonly Taker[];
  #view: AdvertisementView | undefined;

  /** @param onChange something is to be taken */
  constructor(tables: Tables, election: Election, classes: ReadonlySet<string>, onChange: () => void) {
    this.#tables = tables;
    this.#election = election;
    this.#classes = classes;
    this.#services = tables.services.reader(onChange);
    this.#slices = tables.endpointSlices.reader(onChange);
    this.#configuration = [tables.addressPools.reader(onChange), tables.l2Advertisements.reader(onChange)];
  }

  take(): void {
    const changed = new Set<ObjectKey>();
    for (const change of this.#slices.take()) {
      for (const key of this.#slicesByService.note(change)) changed.add(key);
    }
    for (const { key } of this.#services.take()) changed.add(key);
    const isReconfigured = this.#configuration.map((reader) => reader.take().length > 0).includes(true);
    if (isReconfigured || this.#view === undefined) {
      this.#view = this.#readView();
      for (const key of this.#tables.services.rows.keys()) changed.add(key);
    }
    for (const key of changed) this.#tell(key, this.#view);
  }

  [Symbol.dispose](): void {
    for (const reader of [this.#services, this.#slices, ...this.#configuration]) reader.close();
  }

  #tell(key: ObjectKey, view: AdvertisementView): void {
    const service = this.#tables.services.get(key);
    const announced =
      service && announcedService(service, endpointNodes(this.#slicesByService.of(key)), view);
    if (announced === undefined) this.#election.deleteService(key);
    else this.#election.putService(announced);
  }

  #readView(): AdvertisementView {
    return {
      pools: new PoolsByAddress(this.#tables.addressPools.rows.values()),
      advertisements: [...this.#tables.l2Advertisements.rows.values()],
      classes: this.#classes,
    };
  }
}
