/** Reads web pages from inside a network namespace: the proxy's own servers, which answer with more than a name. */
import { Worker } from 'node:worker_threads';
import type { NetworkNamespace } from '@menwei/kernel/netns.ts';

export interface Page {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Why there is no page: the error's code, such as ECONNREFUSED. */
export interface NoPage {
  readonly error: string;
}

export interface PageRequest {
  readonly id: number;
  readonly url: string;
}

export interface PageReply {
  readonly id: number;
  readonly page: Page | NoPage;
}

export class PageReader {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (page: Page | NoPage) => void>();
  #lastId = 0;

  constructor(namespace: NetworkNamespace) {
    this.#worker = new Worker(new URL('./page-reader-thread.ts', import.meta.url), {
      workerData: { namespaceFd: namespace.fd },
      execArgv: [],
    });
    this.#worker.unref();
    this.#worker.on('message', ({ id, page }: PageReply) => {
      this.#waiting.get(id)?.(page);
      this.#waiting.delete(id);
    });
  }

  read(url: string): Promise<Page | NoPage> {
    this.#lastId += 1;
    const request: PageRequest = { id: this.#lastId, url };
    return new Promise((resolve) => {
      this.#waiting.set(request.id, resolve);
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
