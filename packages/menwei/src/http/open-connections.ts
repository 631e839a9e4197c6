/** A bound on the connections to a server, so that nobody who opens many or never asks anything keeps others out. */
import type { Socket } from 'node:net';

/** A kubelet, a scraper, some load balancers and a hundred watchers are far from it. */
const MOST = 500;

export class OpenConnections {
  readonly #most: number;
  /** Those on which no request is being answered: who has waited longest first. */
  readonly #waiting = new Set<Socket>();
  readonly #answered = new Set<Socket>();

  /** @param most so many may be open at a time */
  constructor(most = MOST) {
    this.#most = most;
  }

  /** Takes in a connection. For it the one that has not asked anything for the longest time is cut, or else itself. */
  admit(socket: Socket): void {
    if (this.#waiting.size + this.#answered.size >= this.#most) {
      const [oldest = socket] = this.#waiting;
      oldest.destroy();
      this.#waiting.delete(oldest);
      if (oldest === socket) return;
    }
    this.#waiting.add(socket);
    socket.once('close', () => {
      this.#waiting.delete(socket);
      this.#answered.delete(socket);
    });
  }

  /**
   * A request came in completely enough to be answered. False: the one before it is not answered yet. No client sends
   * requests ahead, and one connection must not have thousands of them worked on at once.
   */
  asked(socket: Socket): boolean {
    if (!this.#waiting.delete(socket)) return false;
    this.#answered.add(socket);
    return true;
  }

  /** It is answered; the connection waits for the next one. */
  answered(socket: Socket): void {
    if (this.#answered.delete(socket) && !socket.destroyed) this.#waiting.add(socket);
  }
}
