/** What was refused while changes were made, whose it was, and what is therefore not there, or still there. */

import { constants } from 'node:os';
import type { KernelError } from '@menwei/netlink';
import {
  type Frontend,
  formatFrontend,
  frontendOf,
  type IpvsEdit,
  refusalForForeign,
} from '@menwei/netlink/ipvs';
import type { AddressEdit } from '@menwei/netlink/route';
import type { ServicePortKey } from '../../state/service-port.ts';
import type { Refusal } from '../backend.ts';
import { subjectsOf } from './guards.ts';
import { Unmade } from './unmade.ts';

const { ESRCH } = constants.errno;

/** Whose each virtual server is, by the very object that the edits name it with: texts for all would take longer. */
export type Owners = ReadonlyMap<Frontend, ServicePortKey>;

export class Refusals {
  readonly all: Refusal[] = [];
  readonly unmade = new Unmade();
  /** What could not be removed, as guards know it. */
  readonly stuck = new Set<string>();

  /** Whether the virtual server is there, ours and as it should be. */
  isUsable({ frontend }: { readonly frontend: Frontend }): boolean {
    return this.unmade.servers.size === 0 || !this.unmade.servers.has(formatFrontend(frontend));
  }

  noteForeign(frontend: Frontend, servicePort: ServicePortKey | undefined): void {
    this.noteServer(frontend, refusalForForeign(frontend), servicePort);
  }

  /** It is not there, not ours or not as it should be: nothing may be put into it. */
  noteServer(frontend: Frontend, error: KernelError, servicePort: ServicePortKey | undefined): void {
    this.unmade.servers.add(formatFrontend(frontend));
    this.#noteRemoved(frontend, error);
    this.#note(error, servicePort);
  }

  noteDestination(edit: IpvsEdit, error: KernelError, owners: Owners): void {
    if ('destination' in edit) this.unmade.addDestination(edit.frontend, edit.destination);
    this.#noteRemoved(frontendOf(edit), error);
    this.#note(error, owners.get(frontendOf(edit)));
  }

  noteAddress({ change, ip }: AddressEdit, error: KernelError): void {
    if (change === 'remove') {
      this.stuck.add(ip);
      this.noteMore(error);
    } else {
      this.unmade.addresses.add(ip);
      this.#note(error);
    }
  }

  /** Something of a virtual server could not be removed. */
  noteLeft(frontend: Frontend, error: KernelError, servicePort: ServicePortKey | undefined): void {
    for (const subject of subjectsOf([frontend])) this.stuck.add(subject);
    this.noteMore(error, servicePort);
  }

  /** What was not made is not told in detail: somebody has to look. */
  noteMore(error: KernelError, servicePort?: ServicePortKey): void {
    this.unmade.isMore = true;
    this.#note(error, servicePort);
  }

  /** The kernel is not as it was left. */
  #noteRemoved(frontend: Frontend, { errno }: KernelError): void {
    if (errno !== ESRCH) return;
    this.unmade.removed ??= formatFrontend(frontend);
    this.unmade.isMore = true;
  }

  #note(error: KernelError, servicePort?: ServicePortKey): void {
    this.all.push({ servicePort: servicePort === '' ? undefined : servicePort, error });
  }
}
