/** A Service in force, and asking it. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { LabHost, LongLivedConnection } from '@menwei/lab/host.ts';
import type { Lab } from '@menwei/lab/lab.ts';
import { isFailure, type Outcome, type Tally, tally } from '@menwei/lab/outcome.ts';
import type { RequestOptions, SeriesOptions } from '@menwei/lab/request.ts';
import { describeService, describeSlice, type Identity, type Offer, SERVICE_PORT } from './offer.ts';

/** Long enough that only what never comes is missed, also when the machine is busy. */
const PATIENCE: RequestOptions = { timeoutMs: 10_000 };

/**
 * How long silence must last to be called so. TCP may not hear of a refusal before its second attempt, after a second.
 */
export const SILENCE: RequestOptions = { timeoutMs: 1_500 };

const MOST_CONNECTIONS = 20;

const CLOSED_PORT = 81;

/** Where it is published. */
interface Publisher {
  readonly lab: Lab;
  apply(name: string, objects: readonly object[]): Promise<void>;
  withdraw(name: string): Promise<void>;
  addressOf(host: string, family: IpFamily): string;
  host(name: string): LabHost;
  newSourcePort(): number;
}

export class PublishedService {
  readonly identity: Identity;
  readonly #cluster: Publisher;
  #offer: Offer;

  constructor(cluster: Publisher, identity: Identity, offer: Offer) {
    this.#cluster = cluster;
    this.identity = identity;
    this.#offer = offer;
  }

  /** Changes the Service or its endpoints, and resolves once every proxy has programmed that. */
  async update(changes: Partial<Offer>): Promise<void> {
    this.#offer = { ...this.#offer, ...changes };
    await this.#cluster.apply(this.identity.name, [
      describeService(this.identity, this.#offer),
      describeSlice(this.identity, this.#offer, (pod) => this.#locate(pod)),
    ]);
  }

  /** Deletes the Service and its endpoints, without waiting. */
  async withdraw(): Promise<void> {
    await this.#cluster.withdraw(this.identity.name);
  }

  get clusterIP(): string {
    return formatHostPort(this.identity.clusterIP, SERVICE_PORT);
  }

  get externalIP(): string {
    return formatHostPort(this.identity.externalIP, SERVICE_PORT);
  }

  get loadBalancerIP(): string {
    return formatHostPort(this.identity.loadBalancerIP, SERVICE_PORT);
  }

  /** A port of the load-balancer address that no Service has. */
  get closedPort(): string {
    return formatHostPort(this.identity.loadBalancerIP, CLOSED_PORT);
  }

  nodePortOf(node: string): string {
    return formatHostPort(this.#cluster.addressOf(node, this.#offer.family), this.identity.nodePort);
  }

  /** An address of a node as a URL has it. */
  nodeUrlHost(node: string): string {
    const address = this.#cluster.addressOf(node, this.#offer.family);
    return address.includes(':') ? `[${address}]` : address;
  }

  /** Where a node answers the load balancer's health checks. */
  healthCheckOf(node: string): string {
    return `http://${this.nodeUrlHost(node)}:${this.identity.healthCheckNodePort}/`;
  }

  /** One request from a host of the cluster. */
  ask(from: string, target: string, options: RequestOptions = {}): Promise<Outcome> {
    const host = this.#cluster.host(from);
    const patient = { ...PATIENCE, ...options };
    switch (this.#offer.protocol) {
      case 'TCP':
        return host.http(target, patient);
      case 'UDP':
        return host.udp(target, { sourcePort: this.#cluster.newSourcePort(), ...patient });
      case 'SCTP':
        return host.sctp(target, patient);
    }
  }

  /** Many requests from a host of the cluster. */
  async askOften(count: number, from: string, target: string, options: SeriesOptions = {}): Promise<Tally> {
    const protocol = this.#offer.protocol === 'TCP' ? 'http' : 'sctp';
    if (this.#offer.protocol !== 'UDP') {
      return await this.#cluster.host(from).requests(count, target, { ...PATIENCE, protocol, ...options });
    }
    const { concurrency = 16, ...each } = options;
    const startedMs = performance.now();
    const outcomes: Outcome[] = [];
    let left = count;
    const askInTurn = async (): Promise<void> => {
      for (; left > 0; outcomes.push(await this.ask(from, target, each))) left -= 1;
    };
    await Promise.all(Array.from({ length: concurrency }, askInTurn));
    return tally(outcomes, performance.now() - startedMs);
  }

  /** Opens a connection to the ClusterIP that one of the pods has got; they get them in turn or by chance. */
  async connectTo(pod: string, from: string): Promise<LongLivedConnection> {
    for (let attempt = 0; attempt < MOST_CONNECTIONS; attempt++) {
      const connection = await this.#cluster.host(from).open(this.clusterIP);
      if (isFailure(connection)) throw new Error(connection.detail);
      if (connection.answer.pod === pod) return connection;
      await connection.close();
    }
    throw new Error(`no connection came to ${pod}`);
  }

  #locate(name: string): { readonly address: string; readonly node: string } {
    const pod = this.#cluster.lab.pod(name);
    return { address: this.#cluster.addressOf(name, this.#offer.family), node: pod.node.name };
  }
}
