import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import { listen } from '../http/http-listener.ts';
import { closeHttpServer } from '../http/http-server.ts';
import { sendJsonRows } from './json-rows.ts';

async function answered(rows: () => Iterable<unknown>): Promise<string> {
  const server = createServer((_request, response) => {
    sendJsonRows(response, rows()).catch(() => response.destroy());
  });
  const { port } = await listen(server, { host: '127.0.0.1', port: 0 }, (cause) =>
    expect.unreachable(cause.message),
  );
  try {
    return await (await fetch(`http://127.0.0.1:${port}/`)).text();
  } finally {
    await closeHttpServer(server);
  }
}

describe('rows', () => {
  it('are a JSON array, whether there are none, some, or more than go into a piece', async () => {
    expect(await answered(() => [])).toBe('[]\n');
    expect(await answered(() => ['a', { b: 1 }])).toBe('[\n"a",\n{"b":1}\n]\n');
    const many = Array.from({ length: 30_000 }, (_, index) => ({ index, text: 'x'.repeat(100) }));
    expect(JSON.parse(await answered(() => many))).toEqual(many);
  });

  it('let the event loop have turns in between', async () => {
    let turns = 0;
    let isDone = false;
    const turn = () => {
      turns++;
      if (!isDone) setImmediate(turn);
    };
    let turnsBetween = 0;
    function* rows() {
      setImmediate(turn);
      for (let index = 0; index < 5_000; index++) yield index;
      turnsBetween = turns;
      isDone = true;
    }
    await answered(rows);
    expect(turnsBetween).toBeGreaterThan(5);
  });

  it('that can’t all be made are no whole array', async () => {
    function* rows() {
      yield 1;
      throw new Error('no more');
    }
    await expect(answered(rows)).rejects.toThrow();
  });
});
