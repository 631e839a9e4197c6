import { expect, it } from 'vitest';
import { StatusBoard } from './service-port-status.ts';

it('tells since when a service port is in its state for the same reason', () => {
  const board = new StatusBoard('IPv4', () => undefined);
  const since = () => board.list().map(({ state, sinceMs }) => `${state} ${sinceMs}`);
  board.set(['ns/web/TCP'], 'pending', 1);
  board.set(['ns/web/TCP'], 'error', 2, 'no such luck');
  board.set(['ns/web/TCP'], 'error', 3, 'no such luck');
  expect(since()).toEqual(['error 2']);
  board.set(['ns/web/TCP'], 'error', 4, 'another reason');
  expect(since()).toEqual(['error 4']);
  board.set(['ns/web/TCP'], 'programmed', 5);
  expect(since()).toEqual(['programmed 5']);
});
