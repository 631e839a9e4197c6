/**
 * Virtual servers by what they answer to. Two service ports may want the same one where an external IP is an address of
 * the node and its port a NodePort: the first by name has it, whichever came first.
 */
import { type FrontendKey, formatFrontend } from '@menwei/netlink/ipvs';
import type { ServerContent } from './state.ts';

export class ServerClaims {
  /** Each list is in the order of the service ports' keys. */
  readonly #claims = new Map<FrontendKey, readonly ServerContent[]>();

  take(content: ServerContent): void {
    const key = keyOf(content);
    const others = this.#claims.get(key);
    const claims = others === undefined ? [content] : [...others, content].sort(byServicePort);
    this.#claims.set(key, claims);
  }

  release(content: ServerContent): void {
    const key = keyOf(content);
    const claims = this.#claims.get(key) ?? [];
    const rest = claims.filter((other) => other !== content);
    if (rest.length === claims.length) throw new Error(`BUG: ${key} was released too often`);
    if (rest.length === 0) this.#claims.delete(key);
    else this.#claims.set(key, rest);
  }

  keys(): Iterable<FrontendKey> {
    return this.#claims.keys();
  }

  /** The virtual servers of these keys, as far as there are any. */
  among(keys: Iterable<FrontendKey>): ReadonlyMap<FrontendKey, ServerContent> {
    const servers = new Map<FrontendKey, ServerContent>();
    for (const key of keys) {
      const content = this.#claims.get(key)?.[0];
      if (content !== undefined) servers.set(key, content);
    }
    return servers;
  }
}

export function keyOf({ server }: ServerContent): FrontendKey {
  return formatFrontend(server.frontend);
}

function byServicePort(a: ServerContent, b: ServerContent): number {
  return a.servicePort < b.servicePort ? -1 : 1;
}
