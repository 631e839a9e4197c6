/** What is refused of the logging options, as by Kubernetes' components. */
import { bounds } from './bounds.ts';
import type { Configuration } from './configuration.ts';
import type { Refuse } from './document.ts';

type Logging = Configuration['logging'];

/** All but the format. `areOptionsAllowed`: the feature gate LoggingAlphaOptions is on. */
export function checkLogging(logging: Logging, areOptionsAllowed: boolean, refuse: Refuse): void {
  const { flushFrequency, verbosity } = logging;
  const { durationAboveZero, notNegative } = bounds(refuse);
  durationAboveZero('logging.flushFrequency', flushFrequency);
  notNegative('logging.verbosity', verbosity);
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
    bounds(refuse).notNegative(`${field}.verbosity`, verbosity);
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
