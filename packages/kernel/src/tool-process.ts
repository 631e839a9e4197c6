/** A tool that runs: its pipes and its end. */
import { closeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { childStatus, pipe, startProgram } from '@menwei/netlink/native';
import { searchedPath } from './find-program.ts';

/** Who closes both outputs ends in the next moment, unless it goes on in secret. */
const MOST_REST_MS = 100;

/** Those whose status is still to be asked for. */
const awaited = new Set<number>();

/** Whether the status of a child process is somebody's who waits for it. */
export function isAwaited(pid: number): boolean {
  return awaited.has(pid);
}

export class ToolProcess {
  readonly stdin: Socket;
  readonly stdout: Socket;
  readonly stderr: Socket;
  /** Resolves with the exit status, 128 + signal number when a signal ended it, when nobody can write to the outputs any more. */
  readonly ended: Promise<number>;
  /** In the PID namespace of this process. */
  readonly pid: number;
  #isOver = false;

  /** @param argv with the name of the program in front. Throws KernelError. */
  constructor(path: string, argv: readonly string[]) {
    const opened: number[] = [];
    const open = () => {
      const ends = pipe();
      opened.push(ends.readFd, ends.writeFd);
      return ends;
    };
    try {
      const [input, output, errors] = [open(), open(), open()];
      this.pid = startProgram({
        path,
        argv,
        // setpriv looks for the tool once more. Messages are compared and shown, so they must not depend on the operator's language.
        env: { ...process.env, PATH: searchedPath(), LC_ALL: 'C' },
        stdio: [input.readFd, output.writeFd, errors.writeFd],
      });
      awaited.add(this.pid);
      const own = (fd: number, kind: { readonly readable: boolean; readonly writable: boolean }) => {
        opened.splice(opened.indexOf(fd), 1);
        return new Socket({ fd, ...kind });
      };
      this.stdin = own(input.writeFd, { readable: false, writable: true });
      this.stdout = own(output.readFd, { readable: true, writable: false });
      this.stderr = own(errors.readFd, { readable: true, writable: false });
    } finally {
      opened.forEach(closeSync);
    }
    // A tool that stops reading says why on stderr and by its status.
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.on('error', () => undefined);
    this.ended = this.#end();
  }

  /** Ends it and what it started, which is all in a group of its own; a script may be in a tool's place. */
  kill(): void {
    if (this.#isOver) return;
    try {
      process.kill(-this.pid, 'SIGKILL');
    } catch {
      // Nothing of it is left but its exit status.
    }
  }

  /** What it still writes is of no interest. */
  letGo(): void {
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream.destroy();
  }

  async #end(): Promise<number> {
    await Promise.all([closed(this.stdout), closed(this.stderr)]);
    for (let restMs = 1; ; restMs = Math.min(2 * restMs, MOST_REST_MS)) {
      const status = childStatus(this.pid);
      if (status !== undefined) {
        this.#isOver = true;
        awaited.delete(this.pid);
        this.stdin.destroy();
        return status;
      }
      await sleep(restMs);
    }
  }
}

function closed(stream: Socket): Promise<void> {
  return new Promise((resolve) => {
    stream.once('close', () => resolve());
  });
}
