/**
 * Whether this node itself has lost the network (health § 4): more than half of all endpoints on other nodes fail together.
 * Pure. Services of which no check ever succeeded say nothing about the network, and are not counted.
 */

/** With fewer that fail, endpoints are to blame. */
const LEAST_TROUBLED = 10;

export class Blindness {
  /** Endpoints on other nodes that are checked. */
  remote = 0;
  /** Those of them that fail, or went down a moment ago. */
  troubled = 0;
  #isBlind = false;

  get isBlind(): boolean {
    return this.#isBlind;
  }

  /** Returns whether that has changed. */
  judge(): boolean {
    const isBlind = this.troubled >= LEAST_TROUBLED && this.troubled * 2 > this.remote;
    const hasChanged = isBlind !== this.#isBlind;
    this.#isBlind = isBlind;
    return hasChanged;
  }
}
