/** With a Service goes the Endpoints object of its name, in one transaction (cluster § 10.2). */
import type { WriteHook } from '../allocation/write-hook.ts';

export const serviceEndpoints: WriteHook = {
  removed(transaction, { metadata: { namespace = '', name = '' } }) {
    if (transaction.get('endpoints', namespace, name) !== undefined) {
      transaction.delete('endpoints', namespace, name);
    }
  },
};
