/** The API server as a component, with certificates that are renewed while it runs. */

import { formatHostPort, isWildcard } from '@menwei/addresses/ip.ts';
import type { Component, ComponentStates } from '../agent/component.ts';
import type { HttpListener } from '../http/http-listener.ts';
import type { Logger } from '../log/logger.ts';
import { untilAborted } from '../scheduling/pause.ts';
import { BUILD } from '../setup/version.ts';
import type { Queues } from './api/api-metrics.ts';
import { startApiServer } from './api/api-server.ts';
import { renewCertificates } from './certificate-renewal.ts';
import type { ClusterOptions } from './cluster-options.ts';
import type { Registry } from './registry/registry.ts';
import type { Access } from './security/access.ts';
import { type AuditedRequest, formatAuditEvent, isAudited } from './security/audit-event.ts';
import type { AuditLog } from './security/audit-log.ts';
import type { ServingTls } from './serving-tls.ts';
import type { Store } from './store/store.ts';

interface ApiComponentOptions {
  readonly options: ClusterOptions;
  readonly store: Store;
  readonly registry: Registry;
  readonly access: Access;
  readonly auditLog: AuditLog | undefined;
  /** The controllers', for metrics. */
  readonly queues: Queues;
  readonly logger: Logger;
  /** Where the components stand, and which of them must run for the API to be ready. */
  readonly states: ComponentStates;
  readonly needed: readonly string[];
  /** Undefined: plain HTTP. */
  readonly tls: ServingTls | undefined;
  /** As {@link tls}, read again. Rejects with FileError. */
  readonly loadTls: () => Promise<ServingTls | undefined>;
  /** Told once it listens, and of certificates that are new. */
  readonly onServing: (tls: ServingTls | undefined) => Promise<void>;
}

/** Ready once it listens and the kubeconfigs are written. */
export function apiComponent(options: ApiComponentOptions): Component {
  return {
    name: 'api-server',
    onFailure: 'end the process',
    run: async (signal, ready) => {
      const listener = start(options);
      try {
        await Promise.race([listener.listening, untilAborted(signal)]);
        if (signal.aborted) return;
        await options.onServing(options.tls);
        ready();
        if (options.tls === undefined) await untilAborted(signal);
        else await renewCertificates(renewal(options, listener), options.tls, signal);
      } finally {
        await listener.close();
      }
    },
  };
}

function renewal({ loadTls, onServing, logger }: ApiComponentOptions, listener: HttpListener) {
  return {
    load: loadTls,
    use: ({ server }: ServingTls) => listener.replaceCertificates(server),
    write: onServing,
    logger,
  };
}

function start(parts: ApiComponentOptions): HttpListener {
  const { options, store, registry, access, auditLog, logger, tls, queues } = parts;
  const { listen, advertiseAddress } = options;
  const told = advertiseAddress ?? (isWildcard(listen.ip) ? '127.0.0.1' : listen.ip);
  return startApiServer({
    address: { host: listen.ip, port: listen.port },
    ...(tls === undefined ? {} : { tls: tls.server }),
    ...{ store, registry, access, logger, queues, build: BUILD },
    serverAddress: () => formatHostPort(told, listen.port),
    checks: [{ name: 'store', why: () => store.trouble }, ...componentChecks(parts)],
    onAnswered: (request) => auditLog && audit(request, auditLog),
  });
}

function componentChecks({ states, needed }: ApiComponentOptions) {
  return needed.map((name) => ({
    name,
    why: () => {
      const state = states.get(name);
      return state?.state === 'running' ? undefined : (state?.error ?? 'not ready');
    },
  }));
}

function audit(request: AuditedRequest, log: AuditLog): void {
  if (isAudited(request)) log.write(formatAuditEvent(request));
}
