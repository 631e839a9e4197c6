/** What else belongs to the writing of a resource's objects, in one transaction with it: a Service's addresses and ports. */
import type { ApiObject } from '../schema/object.ts';
import type { Transaction } from '../store/store.ts';

/** Called by the registry, inside of the transaction that writes the object. */
export interface WriteHook<Kind extends ApiObject = ApiObject> {
  /**
   * Between defaults and validation of a create or an update of the main path. Takes from the transaction and writes to it what
   * the object needs, and returns the object with that filled in.
   *
   * @param old undefined on create
   * @param isDryRun the transaction will be forgotten
   * @throws StatusError what can't be had
   */
  allocate?(transaction: Transaction, object: Kind, old: Kind | undefined, isDryRun: boolean): Kind;
  /** After validation, the object put: releases what the old one had and the new one has not. */
  replaced?(transaction: Transaction, object: Kind, old: Kind): void;
  /** The object is gone: removes what goes with it. */
  removed?(transaction: Transaction, old: Kind): void;
}
