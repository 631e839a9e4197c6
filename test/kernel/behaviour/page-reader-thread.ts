/** The thread of a PageReader. It never leaves its namespace, so that every socket is created inside. */
import { get } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';
import { enterNamespace } from '@menwei/kernel/netns.ts';
import type { NoPage, Page, PageReply, PageRequest } from './page-reader.ts';

const TIMEOUT_MS = 2_000;

const { namespaceFd }: { readonly namespaceFd: number } = workerData;
enterNamespace({ fd: namespaceFd });

function read(url: string): Promise<Page | NoPage> {
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void => resolve({ error: error.code ?? error.message });
    const request = get(url, { agent: false, signal: AbortSignal.timeout(TIMEOUT_MS) }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        body += text;
      });
      response.on('error', fail);
      response.on('end', () => {
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(headers), body });
      });
    });
    request.on('error', fail);
  });
}

parentPort?.on('message', async ({ id, url }: PageRequest) => {
  const reply: PageReply = { id, page: await read(url) };
  parentPort?.postMessage(reply);
});
