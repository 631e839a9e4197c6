/** The helper process of tool-runner.ts: starts programs as told over IPC, never through a shell. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { constants } from 'node:os';

export type ToolRequest =
  | { readonly id: number; readonly kind: 'start'; readonly file: string; readonly args: readonly string[] }
  | { readonly id: number; readonly kind: 'input'; readonly piece: Uint8Array }
  | { readonly id: number; readonly kind: 'end' }
  | { readonly id: number; readonly kind: 'kill' };

export type ToolReply =
  /** The tool has taken a piece of input. */
  | { readonly id: number; readonly kind: 'accepted' }
  | { readonly id: number; readonly kind: 'stdout' | 'stderr'; readonly chunk: Uint8Array }
  | { readonly id: number; readonly kind: 'exit'; readonly status: number }
  /** It could not be started. */
  | { readonly id: number; readonly kind: 'failed'; readonly message: string };

const children = new Map<number, ChildProcessWithoutNullStreams>();

function reply(message: ToolReply): void {
  // A parent that goes away in this moment is no error: `disconnect` follows.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
}

function start(id: number, file: string, args: readonly string[]): void {
  // Messages are compared and shown, so they must not depend on the operator's language.
  // In a group of its own, so that it can be ended with all that it started; a script may be in a tool's place.
  const child = spawn(file, args, { env: { ...process.env, LC_ALL: 'C' }, detached: true });
  children.set(id, child);
  child.stdout.on('data', (chunk: Buffer) => reply({ id, kind: 'stdout', chunk }));
  child.stderr.on('data', (chunk: Buffer) => reply({ id, kind: 'stderr', chunk }));
  // A tool that stops reading says why on stderr and by its status.
  child.stdin.on('error', () => reply({ id, kind: 'accepted' }));
  child.on('error', (error) => {
    children.delete(id);
    reply({ id, kind: 'failed', message: error.message });
  });
  child.on('close', (status, signal) => {
    if (!children.delete(id)) return;
    reply({ id, kind: 'exit', status: status ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
  });
}

/** Ends a tool and what it started. What others may see of its work is all or nothing. */
function kill({ pid }: ChildProcessWithoutNullStreams): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended by itself.
  }
}

process.on('message', (request: ToolRequest) => {
  if (request.kind === 'start') return start(request.id, request.file, request.args);
  const child = children.get(request.id);
  if (child === undefined) return reply({ id: request.id, kind: 'accepted' });
  switch (request.kind) {
    case 'input':
      child.stdin.write(request.piece, () => reply({ id: request.id, kind: 'accepted' }));
      return undefined;
    case 'end':
      child.stdin.end();
      return undefined;
    case 'kill':
      kill(child);
      return undefined;
  }
});

process.on('disconnect', () => {
  for (const child of children.values()) kill(child);
  process.exit(0);
});
// A terminal sends its interrupt to the whole group; the parent decides when work is over.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
