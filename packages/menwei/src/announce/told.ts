/** Tells of announcing: the log, events at the Services, metrics. */

import type { EventRecorder } from '../events/event.ts';
import { serviceSubject } from '../events/service-events.ts';
import { oneLine } from '../kubernetes/api-error.ts';
import type { Logger } from '../log/logger.ts';
import type { AnnounceMetrics } from '../metrics/announce-metrics.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { AnnounceReports } from './announce-reports.ts';
import { describeHolder } from './duty.ts';

interface Audience {
  readonly node: string;
  readonly logger: Logger;
  readonly metrics: Pick<AnnounceMetrics, 'failedOver' | 'conflict' | 'inUse' | 'checked'>;
  readonly events: EventRecorder;
  readonly services: Pick<ObjectTables, 'services'>;
  /** The Services that have an address. */
  readonly usersOf: (address: string) => readonly ObjectKey[];
}

export function announceTeller({
  node,
  logger,
  metrics,
  events,
  services,
  usersOf,
}: Audience): AnnounceReports {
  const warn = (address: string, reason: 'AddressInUse' | 'AnnouncementFailed', note: string) => {
    for (const service of usersOf(address)) {
      const subject = serviceSubject(services, service);
      events.record({
        subject,
        type: 'Warning',
        reason,
        action: 'Announce',
        note: oneLine(`${node}: ${note}`),
      });
    }
  };
  return {
    announced: (address, { cause, interfaces }) => {
      logger.info({ address, interfaces, cause, services: usersOf(address) }, 'announcing address');
    },
    withdrawn: (address, why) => logger.info({ address, reason: why }, 'address is no longer announced'),
    stoodBy: (address, holder) => {
      logger.info(
        { address, holder: describeHolder(holder) },
        'address is not announced: another machine has it',
      );
    },
    failedOver: (_address, cause) => metrics.failedOver(cause),
    conflict: (address, holder, outcome) => {
      metrics.conflict(holder.node === undefined ? 'stranger' : 'node', outcome);
      const message =
        outcome === 'stopped'
          ? 'another machine announces this node’s address and has the better claim; stopped announcing it'
          : 'another machine announces this node’s address; announced it again';
      logger.warn({ address, holder: describeHolder(holder) }, message);
    },
    inUse: (address, holder) => {
      metrics.inUse();
      logger.warn(
        { address, mac: holder.mac, interface: holder.interface },
        'address is in use by a foreign machine',
      );
      warn(
        address,
        'AddressInUse',
        `${address} is in use by ${holder.mac} on ${holder.interface}, which is no node of the cluster`,
      );
    },
    failed: (address, why) => {
      logger.warn({ address, err: why }, 'address is not announced as it should be');
      warn(address, 'AnnouncementFailed', `${address}: ${why}`);
    },
    checked: (result) => metrics.checked(result),
  };
}
