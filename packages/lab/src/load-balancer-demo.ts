/**
 * The demo of load balancers: a lab of three nodes and a client outside, an address from a pool, who is seen by the pods, and how
 * long the address is without answers when its owner leaves. It claims nothing that it did not observe.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type AddressClaimWatch, watchClaims } from './address-claims.ts';
import { type Failover, measureFailover } from './failover.ts';
import { LabSession } from './lab-session.ts';
import { LEAVINGS, type Leaving, startHeartbeats } from './leaving.ts';
import { isFailure } from './outcome.ts';
import { onStage, type Stage } from './stage.ts';
import { UnmetExpectation, unmetIn, until } from './until.ts';

const EXAMPLES = fileURLToPath(new URL('../../../examples/load-balancer/', import.meta.url));
const NODES = ['node-1', 'node-2', 'node-3'] as const;
const CLIENT = '192.168.49.100';
const SERVICE = '/api/v1/namespaces/default/services/web';
const CLOSED_PORT = 81;

interface TimedLeaving extends Leaving {
  readonly title: string;
  /** How long the address may be without answers. */
  readonly goalMs: number;
}

const DRAINED: TimedLeaving = { title: 'drained', goalMs: 100, ...LEAVINGS.drained };
const LINK_CUT: TimedLeaving = { title: 'link cut', goalMs: 200, ...LEAVINGS['link cut'] };
const KILLED: TimedLeaving = { title: 'killed (SIGKILL)', goalMs: 8_000, ...LEAVINGS.killed };
const POWERED_OFF: TimedLeaving = { title: 'powered off', goalMs: 8_000, ...LEAVINGS['powered off'] };
const HEARTBEAT_GOAL_MS = 1_500;
const TAKEN_OVER_WITHIN_MS = 20_000;
/** What was asked before the former owner heard of the new one may be answered late on a busy machine. */
const STRAYS_MS = 1_000;
/** So long after the last restart addresses stay where they are. */
const SETTLING_MS = 2_000;

/** A machine that does much else is not judged by its speed; what takes as long as this is broken. */
const PATIENCE = { factor: 2, moreMs: 1_500 } as const;

/** Returns what was not as it should be; undefined: all was. */
export function runLoadBalancerDemo(print: (line: string) => void): Promise<string | undefined> {
  return unmetIn(() =>
    onStage(print, async (stage) => {
      stage.step('menwei lab up: three nodes, three pods, a client outside, addresses .200 to .220');
      await using session = await LabSession.up({
        name: `demo-lb-${process.pid}`,
        file: `${EXAMPLES}lab.yaml`,
        manifests: `${EXAMPLES}web.yaml`,
        mode: 'nftables',
      });
      await new LoadBalancerDemo(session, stage).run();
    }),
  );
}

class LoadBalancerDemo {
  readonly #session: LabSession;
  readonly #stage: Stage;
  #nodeOf: ReadonlyMap<string, string> = new Map();
  /** Of every proxy, beside those of the lab. */
  #flags: readonly string[] = [];
  #address = '';

  constructor(session: LabSession, stage: Stage) {
    this.#session = session;
    this.#stage = stage;
  }

  async run(): Promise<void> {
    const { step } = this.#stage;
    this.#nodeOf = await this.#session.hostsByMac(NODES);
    step('the Service web has an address of the pool, and one node answers for it');
    await this.#show('kubectl', 'get', 'service', 'web');
    const { status } = await this.#session.api.get(SERVICE);
    this.#address = status.loadBalancer.ingress[0].ip;
    const claims = await watchClaims(this.#session.host('wire'), this.#address);
    await until(() => claims.claims.length > 0, 'nobody answers for the address');
    this.#tell(`${this.#address} is at ${this.#ownerOf(claims)}`);

    await this.#showClients(claims);
    await this.#showClosedPort();
    step('its owner leaves: the time without answers, at a client that connects anew every 5 ms');
    for (const leaving of [DRAINED, LINK_CUT, KILLED, POWERED_OFF]) await this.#fail(leaving, claims);
    await this.#startHeartbeats();
    for (const leaving of [KILLED, POWERED_OFF]) {
      await this.#fail({ ...leaving, goalMs: HEARTBEAT_GOAL_MS }, claims);
    }
    await claims.stop();
  }

  #ownerOf(claims: AddressClaimWatch): string {
    const mac = claims.claims.at(-1)?.mac ?? '';
    const node = this.#nodeOf.get(mac);
    if (node === undefined) throw new UnmetExpectation(`${this.#address} is at ${mac}, which is no node`);
    return node;
  }

  /** The pods see the node that owns the address, or with externalTrafficPolicy Local the client itself. */
  async #showClients(claims: AddressClaimWatch): Promise<void> {
    this.#stage.step('externalTrafficPolicy: Cluster, then Local: whom the pods see');
    await this.#untilSeen(this.#session.host(this.#ownerOf(claims)).ip ?? '');
    await this.#session.api.patch(SERVICE, { spec: { externalTrafficPolicy: 'Local' } });
    await this.#untilSeen(CLIENT);
    await this.#session.api.patch(SERVICE, { spec: { externalTrafficPolicy: 'Cluster' } });
    await this.#untilSeen(this.#session.host(this.#ownerOf(claims)).ip ?? '');
  }

  async #untilSeen(expected: string): Promise<void> {
    let seen = '';
    await until(
      async () => {
        const outcome = await this.#session.host('client').http(`${this.#address}:80`);
        seen = isFailure(outcome) ? outcome.error : outcome.client;
        if (seen !== expected || isFailure(outcome)) return false;
        this.#tell(
          `$ curl http://${this.#address}   ${outcome.pod} on ${outcome.node} sees ${outcome.client}`,
        );
        return true;
      },
      () => `the pods see ${seen}, and not ${expected}`,
    );
  }

  async #showClosedPort(): Promise<void> {
    this.#stage.step('a port that the Service does not have, and ping');
    const client = this.#session.host('client');
    const outcome = await client.http(`${this.#address}:${CLOSED_PORT}`, { timeoutMs: 1_000 });
    const what = isFailure(outcome) ? outcome.error : 'answered';
    this.#tell(`$ curl http://${this.#address}:${CLOSED_PORT}   ${what}`);
    if (what !== 'refused') throw new UnmetExpectation(`a closed port is ${what}, not refused`);
    const { status, stdout } = await client.exec('ping', ['-c', '1', '-W', '1', this.#address]);
    this.#tell(`$ ping ${this.#address}   ${stdout.split('\n')[1] ?? ''}`);
    if (status !== 0) throw new UnmetExpectation('the address does not answer ping');
  }

  async #fail({ title, goalMs, leave, mend }: TimedLeaving, claims: AddressClaimWatch): Promise<void> {
    const owner = this.#ownerOf(claims);
    const failover = await measureFailover({
      client: this.#session.host('client'),
      target: `${this.#address}:80`,
      claims,
      action: () => leave(this.#session, owner),
      withinMs: TAKEN_OVER_WITHIN_MS,
    });
    const next = this.#ownerOf(claims);
    const [known, unknown] = [failover.longestSilenceMs, failover.longestUnclaimedMs].map((ms) =>
      `${ms.toFixed(0)} ms`.padStart(8),
    );
    const goal = worstMs(failover) > goalMs ? `MORE than the goal of ${goalMs} ms` : `goal ${goalMs} ms`;
    this.#tell(`${title.padEnd(17)} ${owner} → ${next} ${known}   without ARP answers ${unknown}   ${goal}`);
    this.#judge(title, goalMs, failover);
    await mend(this.#session, owner, this.#flags);
  }

  #judge(title: string, goalMs: number, failover: Failover): void {
    const { from, to, strays } = failover;
    if (to === from)
      throw new UnmetExpectation(
        `${title}: nobody took ${this.#address} over from ${this.#nodeOf.get(from)}`,
      );
    if (worstMs(failover) > goalMs * PATIENCE.factor + PATIENCE.moreMs)
      throw new UnmetExpectation(`${title}: ${worstMs(failover).toFixed(0)} ms without answers`);
    const told = `two owners answered: ${strays.count} packets of the former one, for ${strays.forMs.toFixed(0)} ms`;
    if (strays.count > 1) this.#tell(`  ${told}`);
    if (strays.forMs > STRAYS_MS) throw new UnmetExpectation(`${title}: ${told}`);
  }

  async #startHeartbeats(): Promise<void> {
    this.#stage.step('the same with --announce-heartbeat on every node');
    this.#flags = await startHeartbeats(this.#session, NODES, this.#stage.folder);
    await sleep(SETTLING_MS);
  }

  /** A command of `menwei lab` with what it prints. */
  async #show(...args: readonly [string, ...string[]]): Promise<void> {
    this.#tell(`$ menwei lab ${args.join(' ')}`);
    const output = await this.#session.menwei(...args);
    for (const line of output.trimEnd().split('\n')) this.#tell(`  ${line}`);
  }

  #tell(line: string): void {
    this.#stage.print(`            ${line}`);
  }
}

/** For clients that know the owner of before, and for those that do not. */
function worstMs({ longestSilenceMs, longestUnclaimedMs }: Failover): number {
  return Math.max(longestSilenceMs, longestUnclaimedMs);
}
