import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../http/http-listener.ts';
import { closeHttpServer } from '../http/http-server.ts';
import { Table } from '../state/table.ts';
import { type RowChanges, sendRowChanges } from './row-stream.ts';

interface Row {
  readonly name: string;
  readonly text?: string;
}

/** A table that is served as it changes, and the lines that a client has got. */
async function serve(table: Table<Row>) {
  let closed = 0;
  const changes = (): RowChanges => {
    const reader = table.reader();
    return {
      take: () => reader.take().map(({ key, after }) => after ?? { gone: key }),
      changed: (signal) => reader.changed(signal),
      close: () => {
        reader.close();
        closed++;
      },
    };
  };
  const server = createServer((_request, response) => void sendRowChanges(response, changes()));
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  const client = new AbortController();
  const lines: unknown[] = [];
  const response = await fetch(`http://127.0.0.1:${port}/`, { signal: client.signal });
  const reading = (async () => {
    let rest = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) lines.push(JSON.parse(part));
    }
  })().catch(() => undefined);
  return {
    lines,
    closed: () => closed,
    leave: () => client.abort(),
    end: async () => {
      await closeHttpServer(server);
      await reading;
    },
  };
}

describe('rows that change', () => {
  it('are a line each: all there are, a line that says so, then each that changes', async () => {
    const table = new Table<Row>();
    table.put('a', { name: 'a' });
    const served = await serve(table);
    await expect.poll(() => served.lines).toEqual([{ name: 'a' }, { listed: true }]);
    table.put('b', { name: 'b' });
    table.delete('a');
    await expect.poll(() => served.lines.slice(2)).toEqual([{ name: 'b' }, { gone: 'a' }]);
    await served.end();
    await expect.poll(() => served.closed()).toBe(1);
  });

  it('may be more than a client reads at a time', async () => {
    const table = new Table<Row>();
    for (let index = 0; index < 20_000; index++) {
      table.put(String(index), { name: String(index), text: 'x'.repeat(100) });
    }
    const served = await serve(table);
    await expect.poll(() => served.lines.length).toBe(20_001);
    await served.end();
  });

  it('are let go when the client leaves', async () => {
    const served = await serve(new Table<Row>());
    await expect.poll(() => served.lines).toEqual([{ listed: true }]);
    served.leave();
    await expect.poll(() => served.closed()).toBe(1);
    await served.end();
  });
});
