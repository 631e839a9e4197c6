/** The path that a request asks for, and answers to it. */
import type { RequestListener, ServerResponse } from 'node:http';

/** The path of a request without its query, decoded. */
export function requestPath(url: string | undefined): string {
  const [path = ''] = (url ?? '').replace(/^https?:\/\/[^/?]*/i, '').split('?', 1);
  return path.includes('%') ? decodePath(path) : path;
}

/** A path, or a part of one; as it is where it is not encoded well. */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    if (error instanceof URIError) return path;
    throw error;
  }
}

/** Sends a complete answer; the type of its body is not to be guessed by the client. */
export function answer(
  response: ServerResponse,
  status: number,
  contentType: string,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  const length = String(Buffer.byteLength(body));
  writeHead(response, status, contentType, { ...headers, 'Content-Length': length });
  response.end(body);
}

/** Answers each path in its own way, and those that are not among them with 404. */
export function answerByPath(routes: ReadonlyMap<string, RequestListener>): RequestListener {
  return (request, response) => {
    const route = routes.get(requestPath(request.url));
    if (route === undefined) answerNotFound(response);
    else route(request, response);
  };
}

/** Begins an answer whose body follows. */
export function writeHead(
  response: ServerResponse,
  status: number,
  contentType: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'Content-Type': contentType,
    'X-Content-Type-Options': 'nosniff',
    ...headers,
  });
}

/** The answer of Go's server to a path nobody serves. */
export function answerNotFound(response: ServerResponse): void {
  answer(response, 404, PLAIN_TEXT, NOT_FOUND);
}

export const NOT_FOUND = '404 page not found\n';

export const PLAIN_TEXT = 'text/plain; charset=utf-8';

/** For an answer that goes on for as long as the client likes, and may have nothing to say for a while. */
export function allowSilence(response: ServerResponse): void {
  response.socket?.setTimeout(0);
}
