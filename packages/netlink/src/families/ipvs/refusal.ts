/** How an edit that the kernel refused reads. */
import { constants } from 'node:os';
import { formatHostPort } from '../../address.ts';
import { KernelError } from '../../kernel-error.ts';
import type { Frontend, IpvsEdit, IpvsRefusal } from './contract.ts';
import { formatFrontend } from './frontend.ts';

/** Whether an edit was refused since what it is about is not there. */
export function isGone({ errno }: KernelError): boolean {
  return errno === constants.errno.ENOENT || errno === constants.errno.ESRCH;
}

/** `add destination 10.0.0.1:80 of virtual server TCP 10.96.0.1:80: file already exists (EEXIST)` */
export function refusalOf(edit: IpvsEdit, errno: number, detail: string): IpvsRefusal {
  const operation = edit.change.slice(0, edit.change.indexOf('-'));
  const server = `virtual server ${formatFrontend(frontendOf(edit))}`;
  const object =
    'destination' in edit
      ? `destination ${formatHostPort(edit.destination.ip, edit.destination.port)} of ${server}`
      : server;
  // The kernel's answer to both is ENOENT, and nothing else can be missing.
  const isScheduler = 'server' in edit && errno === constants.errno.ENOENT;
  const words = isScheduler ? `the kernel has no scheduler ${edit.server.scheduler}: ${detail}` : detail;
  return { edit, error: new KernelError({ operation, object, detail: words, errno }) };
}

/** In the place of an edit that the kernel would refuse: nobody has asked it. */
export function refusalForForeign(frontend: Frontend): KernelError {
  const object = formatFrontend(frontend);
  const detail = 'this virtual server belongs to another program; it is left alone';
  return new KernelError({ operation: 'add virtual server', object, detail, errno: constants.errno.EEXIST });
}

/** The virtual server that an edit is about. */
export function frontendOf(edit: IpvsEdit): Frontend {
  return 'server' in edit ? edit.server.frontend : edit.frontend;
}
