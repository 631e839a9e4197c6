import { errorsOf, settingsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';

describe('settings of checks', () => {
  it('are read from flags and from a file', () => {
    const { byDefault } = settingsOf(['--health-check-default=tcp fall=1']).healthChecks;
    expect(byDefault).toMatchObject({ probe: { kind: 'tcp' }, fall: 1 });
    const file = 'healthChecks: {default: http path=/ready, rate: 20}';
    expect(settingsOf([], file).healthChecks).toMatchObject({
      byDefault: { probe: { kind: 'http', path: '/ready' } },
      ratePerSecond: 20,
    });
    expect(settingsOf(['--health-check-default=none'], file).healthChecks.byDefault).toBeUndefined();
  });

  it.each([
    ['--health-check-default=ping', 'none of tcp, http'],
    ['--health-check-default=tcp fall=0', 'fall: "0" is outside 1-10'],
    ['--health-check-rate=0', 'must be within 1 and 100000'],
  ])('%s is refused', (flag, message) => {
    expect(errorsOf([flag]).join()).toContain(message);
  });
});
