import { openFixedRegistry } from '@menwei/testing/cluster/fixed-registry.ts';
import { expect, it } from 'vitest';
import { UserError } from '../setup/failure.ts';
import { registerNode } from './own-node.ts';

it('a name that no Node can have is told in a line that says what to do', async () => {
  const { registry } = await openFixedRegistry();
  const failure = await registerNode(registry, 'my_host', '127.0.0.1', 0).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(UserError);
  expect(failure).toHaveProperty(
    'message',
    expect.stringMatching(/^[^\n]*Node "my_host" is invalid: .*--hostname-override/),
  );
});
