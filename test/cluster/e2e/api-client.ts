/** A plain client of the API for tests: objects as they come. */

export interface AnyObject {
  readonly kind?: string;
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly finalizers?: readonly string[];
    readonly deletionTimestamp?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  // biome-ignore lint/suspicious/noExplicitAny: whatever a test looks at
  readonly [field: string]: any;
}

interface Answer {
  readonly status: number;
  readonly body: AnyObject;
}

interface WatchEvent {
  readonly type: string;
  readonly object: AnyObject;
}

const MERGE = 'application/merge-patch+json';

export class ApiClient {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Whatever the server says. */
  async send(
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ): Promise<Answer> {
    const response = await fetch(this.url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      body: text.startsWith('{') ? JSON.parse(text) : { text, metadata: {} },
    };
  }

  get(path: string): Promise<AnyObject> {
    return this.#done('GET', path);
  }

  create(path: string, object: object): Promise<AnyObject> {
    return this.#done('POST', path, object);
  }

  put(path: string, object: object): Promise<AnyObject> {
    return this.#done('PUT', path, object);
  }

  /** A merge patch. */
  patch(path: string, patch: object): Promise<AnyObject> {
    return this.#done('PATCH', path, patch, { 'content-type': MERGE });
  }

  delete(path: string, options?: object): Promise<AnyObject> {
    return this.#done('DELETE', path, options);
  }

  /** Why a request is refused: `422 Service "x" is invalid: …`. */
  async refusal(method: string, path: string, body?: object): Promise<string> {
    const { status, body: answer } = await this.send(
      method,
      path,
      body,
      method === 'PATCH' ? { 'content-type': MERGE } : {},
    );
    return `${status} ${answer.message}`;
  }

  /** @param path with its query, but `watch` */
  async watch(path: string): Promise<Watch> {
    const stop = new AbortController();
    const response = await fetch(`${this.url}${path}${path.includes('?') ? '&' : '?'}watch=true`, {
      signal: stop.signal,
    });
    if (!response.ok || response.body === null) {
      throw new Error(`watch ${path}: ${response.status} ${await response.text()}`);
    }
    return new Watch(response.body, stop);
  }

  async #done(
    method: string,
    path: string,
    body?: object,
    headers?: Record<string, string>,
  ): Promise<AnyObject> {
    const { status, body: answer } = await this.send(method, path, body, headers);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${answer.message}`);
    return answer;
  }
}

class Watch {
  readonly #events: AsyncIterator<WatchEvent>;
  readonly #stop: AbortController;
  #last: WatchEvent | undefined;

  constructor(body: ReadableStream<Uint8Array>, stop: AbortController) {
    // Begun now: fetch ends a body that nobody reads once the response is garbage.
    this.#events = readEvents(body.pipeThrough(new TextDecoderStream()));
    this.#stop = stop;
  }

  async next(): Promise<WatchEvent> {
    const { value, done } = await this.#events.next();
    if (done === true) throw new Error(`the watch has ended; last came ${JSON.stringify(this.#last)}`);
    this.#last = value;
    return value;
  }

  /** The next ones, as `ADDED name`. */
  async take(count: number): Promise<readonly string[]> {
    const seen: string[] = [];
    while (seen.length < count) {
      const { type, object } = await this.next();
      seen.push(`${type} ${object.metadata.name}`);
    }
    return seen;
  }

  stop(): void {
    this.#stop.abort();
  }
}

async function* readEvents(body: ReadableStream<string>): AsyncGenerator<WatchEvent> {
  let rest = '';
  for await (const text of body) {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line);
  }
}
