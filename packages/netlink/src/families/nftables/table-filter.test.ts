import { describe, expect, it } from 'vitest';
import { encodeTableFilter } from './table-filter.ts';

describe('encodeTableFilter', () => {
  it('grows with the messages it looks at, and with the name, within what the kernel takes', () => {
    const size = (name: string, messages: number) =>
      encodeTableFilter({ family: 'ip', name }, [1, 2], messages).length / 8;
    expect(size('menwei', 2) - size('menwei', 1)).toBe(size('menwei', 3) - size('menwei', 2));
    expect(size('m'.repeat(40), 1)).toBeGreaterThan(size('menwei', 1));
    // BPF_MAXINSNS
    expect(size('menwei', 68)).toBeLessThanOrEqual(4096);
  });

  it('refuses a name that no jump can pass', () => {
    expect(() => encodeTableFilter({ family: 'ip', name: 'n'.repeat(1_000) }, [], 1)).toThrow(/^BUG: /);
  });
});
