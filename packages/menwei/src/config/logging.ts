/** What is refused of the logging options, as by Kubernetes' components. */
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';
import { formatDuration } from './duration.ts';

type Logging = Configuration['logging'];

/** All but the format. `areOptionsAllowed`: the feature gate LoggingAlphaOptions is on. */
export function checkLogging(logging: Logging, areOptionsAllowed: boolean, refuse: Refuse): void {
  const { flushFrequency, verbosity } = logging;
  if (flushFrequency <= 0) {
    const value = formatDuration(flushFrequency);
    refuse({ field: 'logging.flushFrequency', value, allowed: 'must be greater than 0' });
  }
  if (verbosity < 0)
    refuse({ field: 'logging.verbosity', value: verbosity, allowed: 'must not be negative' });
  checkVmodule(logging, refuse);
  if (!areOptionsAllowed) refuseOptions(logging, refuse);
}

function checkVmodule({ format, vmodule }: Logging, refuse: Refuse): void {
  if (vmodule.length > 0 && format !== 'text') {
    const value = vmodule.map(({ filePattern, verbosity }) => `${filePattern}=${verbosity}`).join(',');
    refuse({ field: 'logging.vmodule', value, allowed: 'goes with the format text only' });
  }
  for (const [index, { filePattern, verbosity }] of vmodule.entries()) {
    const field = `logging.vmodule[${index}]`;
    if (filePattern === '' || /[=,]/.test(filePattern)) {
      const allowed = 'must not be empty, and have no "=" and no ","';
      refuse({ field: `${field}.filePattern`, value: filePattern, allowed });
    }
    if (verbosity < 0)
      refuse({ field: `${field}.verbosity`, value: verbosity, allowed: 'must not be negative' });
  }
}

function refuseOptions({ options }: Logging, refuse: Refuse): void {
  const allowed = 'needs the feature gate LoggingAlphaOptions';
  for (const format of ['text', 'json'] as const) {
    const { splitStream, infoBufferSize } = options[format];
    const field = `logging.options.${format}`;
    if (splitStream) refuse({ field: `${field}.splitStream`, value: splitStream, allowed });
    if (!/^0[a-zA-Z]*$/.test(String(infoBufferSize)))
      refuse({ field: `${field}.infoBufferSize`, value: infoBufferSize, allowed });
  }
}
