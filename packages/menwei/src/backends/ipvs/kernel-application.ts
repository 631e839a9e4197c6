/**
 * Making changes, in an order in which no packet finds half of what it needs: what masquerades and filters stands before
 * a virtual server leads anywhere and until it does no more, and an address comes after that and goes before it.
 */
import type { RestoreScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { IpSetClient, SetEdit, SetEntry } from '@menwei/netlink/ipset';
import { type Frontend, formatFrontend, type IpvsClient } from '@menwei/netlink/ipvs';
import type { AddressEdit, LinkClient } from '@menwei/netlink/route';
import type { Refusal } from '../backend.ts';
import type { IpvsChanges } from './changes.ts';
import {
  beginningAdmissions,
  beginningDenials,
  beginningExceptions,
  endingAdmissions,
  endingDenials,
  endingExceptions,
  isAbout,
  subjectsOf,
} from './guards.ts';
import { ServerChanges, type ServerKnowledge, type Times } from './kernel-servers.ts';
import { Ledger } from './ledger.ts';
import { DEVICE } from './names.ts';
import { Refusals } from './refusals.ts';
import { formatFrontendEntry } from './sets.ts';
import type { ServerContent } from './state.ts';
import type { Unmade } from './unmade.ts';

/** The ways to the parts of the kernel that the mode uses. */
interface Clients {
  readonly ipvs: IpvsClient;
  readonly sets: IpSetClient;
  readonly links: LinkClient;
  readonly rules: { restore(script: RestoreScript, signal: AbortSignal): Promise<void> };
}

/** What became of changes. */
interface Applied {
  readonly refused: readonly Refusal[];
  readonly unmade: Unmade;
}

export class Application {
  readonly #clients: Clients;
  readonly #servers: ServerChanges;
  readonly #ledger: Ledger;
  readonly #signal: AbortSignal;
  readonly #refusals = new Refusals();

  constructor(clients: Clients, knowledge: ServerKnowledge, times: Times, signal: AbortSignal) {
    this.#clients = clients;
    this.#servers = new ServerChanges(clients.ipvs, knowledge, this.#refusals, times, signal);
    this.#ledger = new Ledger(clients.sets, signal);
    this.#signal = signal;
  }

  /** Returns what was refused while the rest was done. Throws KernelError where nothing more could be done. */
  async run(changes: IpvsChanges): Promise<Applied> {
    const { links, rules } = this.#clients;
    await this.#claim(changes);
    if (changes.device) links.applyDummy(DEVICE);
    await this.#strike(await this.#servers.applyServers(changes));
    await this.#beginGuards(beginningDenials(changes), changes);
    if (changes.rules.length > 0) await rules.restore(changes.rules, this.#signal);
    await this.#beginGuards(beginningAdmissions(changes), changes);
    await this.#applySets(endingExceptions(changes));
    await this.#servers.addDestinations(changes);
    await this.#servers.drain(changes);
    await this.#applyAddresses('add', changes.addedAddresses);

    await this.#applyAddresses('remove', changes.removedAddresses);
    await this.#servers.awaitAnswers(changes);
    await this.#servers.removeDestinations(changes);
    await this.#applySets(beginningExceptions(changes));
    await this.#endGuards(changes);
    const left = new Set(Array.from(await this.#servers.removeServers(changes), entryOf));
    const unlisted = await this.#ledger.close(changes, left);
    for (const error of new Set(unlisted.values())) this.#refusals.noteMore(error);
    return { refused: this.#refusals.all, unmade: this.#refusals.unmade };
  }

  /** What can't be guarded leads nowhere. */
  async #beginGuards(edits: readonly SetEdit[], changes: IpvsChanges): Promise<void> {
    if (edits.length === 0) return;
    for (const { edit, error } of await this.#clients.sets.apply(edits, this.#signal)) {
      const about = 'entries' in edit ? edit : undefined;
      const bare = changes.addedServers.filter(({ server }) => {
        const subjects = subjectsOf([server.frontend]);
        return about?.entries.some((entry) => isAbout(subjects, about.shape, entry)) ?? false;
      });
      if (bare.length === 0) this.#refusals.noteMore(error);
      this.#refusals.unmade.isMore = true;
      for (const { server, servicePort } of bare) {
        this.#refusals.noteServer(server.frontend, error, servicePort);
      }
    }
  }

  /** What could not be removed keeps its guards. */
  async #endGuards(changes: IpvsChanges): Promise<void> {
    const { stuck } = this.#refusals;
    await this.#applySets(endingAdmissions(changes, stuck));
    if (changes.lastRules.length > 0 && stuck.size === 0) {
      await this.#clients.rules.restore(changes.lastRules, this.#signal);
    }
    await this.#applySets(endingDenials(changes, stuck));
  }

  /**
   * The ledger first, so that a process that ends anywhere leaves no virtual server that nobody knows; and only of what
   * nobody has, so that it never tells of one that is somebody else's.
   */
  async #claim(changes: IpvsChanges): Promise<void> {
    const { addedServers } = changes;
    const frontends = addedServers.map(({ server }) => server.frontend);
    const present =
      frontends.length === 0 ? new Set() : await this.#clients.ipvs.observePresent(frontends, this.#signal);
    const owners = new Map<SetEntry, ServerContent>();
    const foreign: Frontend[] = [];
    for (const content of addedServers) {
      const { frontend } = content.server;
      if (!present.has(formatFrontend(frontend))) owners.set(entryOf(frontend), content);
      else {
        foreign.push(frontend);
        this.#refusals.noteForeign(frontend, content.servicePort);
      }
    }
    const refused = await this.#ledger.open(changes, new Set(foreign.map(entryOf)), new Set(owners.keys()));
    for (const [entry, error] of refused) {
      const content = owners.get(entry);
      if (content === undefined) throw new Error(`BUG: ${entry} was not asked for`);
      this.#refusals.unmade.entries.add(entry);
      this.#refusals.noteServer(content.server.frontend, error, content.servicePort);
    }
    await this.#strike(foreign);
  }

  async #applySets(edits: readonly SetEdit[]): Promise<void> {
    if (edits.length === 0) return;
    for (const { error } of await this.#clients.sets.apply(edits, this.#signal))
      this.#refusals.noteMore(error);
  }

  async #applyAddresses(change: AddressEdit['change'], ips: readonly string[]): Promise<void> {
    if (ips.length === 0) return;
    const edits = ips.map((ip): AddressEdit => ({ change, ip }));
    for (const { edit, error } of await this.#clients.links.applyAddresses(DEVICE, edits, this.#signal)) {
      this.#refusals.noteAddress(edit, error);
    }
  }

  /** They are somebody else's. */
  async #strike(foreign: readonly Frontend[]): Promise<void> {
    for (const frontend of foreign) this.#refusals.unmade.entries.add(entryOf(frontend));
    await this.#ledger.strike(foreign);
  }
}

function entryOf(frontend: Frontend): SetEntry {
  if ('mark' in frontend) throw new Error('BUG: a virtual server without an address');
  return formatFrontendEntry(frontend);
}
