/**
 * Without an API server the status of Services is in a file: a `v1` List of Services, with what the controller has written of
 * them and nothing else. It is read at the start, so that everybody keeps their address.
 */
import { access, constants, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isRecord } from '../../kubernetes/api-error.ts';
import { decodeService } from '../../kubernetes/decode.ts';
import type {
  Condition,
  LoadBalancerDetails,
  StatusIngress,
} from '../../kubernetes/load-balancer-objects.ts';
import { formatRef, type ObjectRef, type Service, type WatchedObject } from '../../kubernetes/objects.ts';
import { errorCode } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { Turns } from '../../scheduling/turns.ts';
import { type ObjectKey, objectKey, parseObjectKey } from '../../state/object-key.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import { encodeIngress } from '../status-patch.ts';
import type { StatusWriter } from '../status-writer.ts';
import type { StatusChange } from '../wanted-status.ts';

/** What was written of a Service. */
interface Written {
  readonly uid: string;
  readonly finalizers: readonly string[];
  readonly annotations: ReadonlyMap<string, string>;
  readonly ingress: readonly StatusIngress[];
  readonly conditions: readonly Condition[];
}

const NOTHING: Omit<Written, 'uid'> = { finalizers: [], annotations: new Map(), ingress: [], conditions: [] };

/** Tables whose Services have, besides what their source says, what was written of them into the file. */
export class StatusFileTables extends ObjectTables implements StatusWriter {
  readonly #path: string;
  readonly #written: Map<ObjectKey, Written>;
  /** As their source has them. */
  readonly #sources = new Map<ObjectKey, Service>();
  readonly #turns = new Turns();
  readonly #logger: Logger;

  private constructor(path: string, written: Map<ObjectKey, Written>, logger: Logger) {
    super('', { endpointNodes: true });
    this.#path = path;
    this.#written = written;
    this.#logger = logger;
  }

  /** One that is not there is empty. @throws Error with the reason where it can't be read or written, or is something else */
  static async open(path: string, logger: Logger): Promise<StatusFileTables> {
    const written = await readStatusFile(path);
    // A folder that is not there, or may not be written to, is found now and not at the first address.
    await access(dirname(path), constants.W_OK);
    return new StatusFileTables(path, written, logger);
  }

  override put(object: WatchedObject, ...more: OriginOf) {
    if (object.kind !== 'Service') return super.put(object, ...more);
    const key = objectKey(object.namespace, object.name);
    this.#sources.set(key, object);
    return super.put(withWritten(object, this.#written.get(key)), ...more);
  }

  override delete(ref: ObjectRef, ...more: DeletedOf) {
    if (ref.kind === 'Service') {
      const key = objectKey(ref.namespace, ref.name);
      this.#sources.delete(key);
      if (this.#written.delete(key)) {
        this.#save().catch((err: unknown) => {
          this.#logger.error(
            { err },
            'the status file could not be written: it still has a Service that is gone',
          );
        });
      }
    }
    return super.delete(ref, ...more);
  }

  /** @throws Error when the file can't be written; nothing has changed then */
  async write(service: Service, change: StatusChange): Promise<'written' | 'gone'> {
    const key = objectKey(service.namespace, service.name);
    const source = this.#sources.get(key);
    if (source === undefined) return 'gone';
    const before = this.#written.get(key);
    this.#written.set(key, applied(before ?? { ...NOTHING, uid: source.uid }, change));
    try {
      await this.#save();
    } catch (error) {
      if (before === undefined) this.#written.delete(key);
      else this.#written.set(key, before);
      throw error;
    }
    const now = this.#sources.get(key);
    if (now !== undefined) super.put(withWritten(now, this.#written.get(key)));
    return 'written';
  }

  #save(): Promise<void> {
    return this.#turns.take(async () => {
      // Those that went while nobody looked are not in it any longer.
      const left = [...this.#written].filter(([key]) => this.#sources.has(key));
      const items = left.map(([key, written]) => encodeWritten(key, written));
      await replaceFile(
        this.#path,
        `${JSON.stringify({ apiVersion: 'v1', kind: 'List', items }, undefined, 2)}\n`,
      );
    });
  }
}

type OriginOf = Parameters<ObjectTables['put']> extends [unknown, ...infer Rest] ? Rest : [];
type DeletedOf = Parameters<ObjectTables['delete']> extends [unknown, ...infer Rest] ? Rest : [];

function withWritten(service: Service, written: Written | undefined): Service {
  const { loadBalancer } = service;
  if (written === undefined || loadBalancer === undefined || written.uid !== service.uid) return service;
  const { finalizers, annotations, ingress, conditions } = written;
  const details: LoadBalancerDetails = {
    ...loadBalancer,
    finalizers: [...new Set([...loadBalancer.finalizers, ...finalizers])],
    annotations: new Map([...loadBalancer.annotations, ...annotations]),
    ingress,
    conditions: [...loadBalancer.conditions, ...conditions],
  };
  return { ...service, loadBalancer: details };
}

function applied(before: Written, change: StatusChange): Written {
  const { addFinalizer, removeFinalizers = [], ingress = before.ingress } = change;
  const finalizers = before.finalizers.filter((one) => !removeFinalizers.includes(one));
  const conditions = new Map(before.conditions.map((condition) => [condition.type, condition]));
  for (const [type, condition] of change.conditions ?? []) {
    if (condition === undefined) conditions.delete(type);
    else conditions.set(type, condition);
  }
  const annotations = new Map(before.annotations);
  for (const [name, value] of change.annotations ?? []) {
    if (value === undefined) annotations.delete(name);
    else annotations.set(name, value);
  }
  return {
    uid: before.uid,
    finalizers: addFinalizer === undefined ? finalizers : [...finalizers, addFinalizer],
    annotations,
    ingress,
    conditions: [...conditions.values()],
  };
}

function encodeWritten(key: ObjectKey, written: Written): unknown {
  const { namespace, name } = parseObjectKey(key);
  const { uid, finalizers, annotations, ingress, conditions } = written;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace,
      name,
      ...(uid === '' ? {} : { uid }),
      annotations: Object.fromEntries(annotations),
      finalizers,
    },
    spec: { type: 'LoadBalancer' },
    status: { loadBalancer: { ingress: ingress.map(encodeIngress) }, conditions },
  };
}

async function readStatusFile(path: string): Promise<Map<ObjectKey, Written>> {
  const written = new Map<ObjectKey, Written>();
  const text = await readIfThere(path);
  if (text.trim() === '') return written;
  const list = parseList(text, path);
  for (const item of list) {
    const { object: service, problems } = decodeService(item);
    if (service?.loadBalancer === undefined) {
      const what =
        problems[0] === undefined
          ? 'no Service of type LoadBalancer'
          : `${formatRef(problems[0].object)}: ${problems[0].field}: ${problems[0].message}`;
      throw new Error(`${path}: ${what}`);
    }
    const { finalizers, annotations, ingress, conditions } = service.loadBalancer;
    const key = objectKey(service.namespace, service.name);
    written.set(key, { uid: service.uid, finalizers, annotations, ingress, conditions });
  }
  return written;
}

async function readIfThere(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return '';
    throw error;
  }
}

function parseList(text: string, path: string): readonly unknown[] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(
      `${path}: it is no JSON, so nobody knows who has which address; take it away to begin anew`,
      { cause },
    );
  }
  if (isRecord(value) && value.kind === 'List' && Array.isArray(value.items)) return value.items;
  throw new Error(`${path}: it is no List of Services, and is not written over`);
}

/** As a whole or not at all. */
async function replaceFile(path: string, text: string): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${process.pid}.new`);
  await rm(draft, { force: true });
  try {
    await using file = await open(draft, 'wx', 0o644);
    await file.writeFile(text);
    await file.sync();
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
