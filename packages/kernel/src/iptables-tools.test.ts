import { KernelError } from '@menwei/netlink';
import { describe, expect, it, vi } from 'vitest';
import { findIptables, type IptablesTools } from './iptables-tools.ts';
import type { ToolResult, ToolRun, ToolRunner } from './tool-runner.ts';

const signal = new AbortController().signal;
const OK: ToolResult = { status: 0, stdout: '', stderr: '' };
const LEGACY = 'iptables v1.8.9 (legacy)\n';
const NO_ROOT = 'Fatal: can’t open lock file /run/xtables.lock: Permission denied\n';

type Answer = Partial<ToolResult> | Error;

/** A runner whose tools answer as told, by the name of the program and its arguments. */
function answering(answer: (command: string, run: ToolRun) => Answer | undefined) {
  const commands: string[] = [];
  const inputs: string[] = [];
  const runner: ToolRunner = {
    run: async (run) => {
      const command = [run.file, ...run.args].join(' ');
      commands.push(command);
      inputs.push([...(run.input ?? [])].join(''));
      const answered = answer(command, run);
      if (answered instanceof Error) throw answered;
      if (answered === undefined && command.endsWith('--version')) return { ...OK, stdout: LEGACY };
      return { ...OK, ...answered };
    },
    close: () => undefined,
  };
  return { runner, commands, inputs };
}

async function find(answer: Parameters<typeof answering>[0]): Promise<IptablesTools> {
  return findIptables(answering(answer).runner, 'IPv4', signal);
}

async function messageOf(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => 'nothing was thrown',
    (thrown: unknown) => thrown,
  );
  return error instanceof KernelError ? error.message : `no KernelError: ${error}`;
}

describe('findIptables', () => {
  it.each([
    ['iptables v1.8.9 (legacy)\n', 'legacy'],
    ['iptables v1.8.11 (nf_tables)\n', 'nf_tables'],
    ['iptables v1.6.2\n', 'legacy'],
    ['iptables v2.0\n', 'legacy'],
  ])('takes %j for %s', async (stdout, variant) => {
    const tools = await find((command) => (command.endsWith('--version') ? { stdout } : undefined));
    expect(tools.variant).toBe(variant);
  });

  it.each<[string, Answer, string]>([
    [
      'are missing',
      new Error('spawn iptables ENOENT'),
      'find iptables: iptables was not found on the PATH; install it with: apt-get install iptables',
    ],
    [
      'are too old',
      { stdout: 'iptables v1.6.1\n' },
      'use iptables: version v1.6.1 is too old; 1.6.2 or newer is needed',
    ],
    ['fail', { status: 1, stderr: 'Illegal instruction\n' }, 'iptables --version: Illegal instruction'],
    ['say nothing', {}, 'iptables --version: exit status 0'],
  ])('says it when the tools %s', async (_what, answer, message) => {
    expect(await messageOf(find((command) => (command.endsWith('--version') ? answer : undefined)))).toBe(
      message,
    );
  });

  it('says what is needed without privilege', async () => {
    const denied = (command: string) => (command.includes('-S') ? { status: 4, stderr: NO_ROOT } : undefined);
    expect(await messageOf(find(denied))).toBe(
      `iptables list nat POSTROUTING: ${NO_ROOT.trim()} (run as root or with CAP_NET_ADMIN)`,
    );
  });

  it.each<[string, Answer, boolean]>([
    ['missing tools', new Error('spawn iptables ENOENT'), false],
    ['tools that may not be run', new Error('spawn iptables EACCES'), false],
    ['tools that fail', { status: 1 }, false],
    ['no memory for another process', new Error('spawn iptables EAGAIN'), true],
    ['tools that are killed', { status: 137 }, true],
    ['tools that hang', new Error('did not end within 20 s and was killed'), true],
  ])('tells of %s whether that may pass', async (_what, answer, mayPass) => {
    await expect(find(() => answer)).rejects.toMatchObject({ mayPass });
  });

  const UNREADABLE = "# Table `nat' is incompatible, use 'nft' tool.\n";
  const INCOMPATIBLE =
    "iptables v1.8.9 (nf_tables): chain `POSTROUTING' in table `nat' is incompatible, use 'nft' tool.\n";
  const BUSY = 'Another app is currently holding the xtables lock. Stopped waiting after 5s.\n';

  it.each([
    ['No chain', '*nat\nCOMMIT\n', 'iptables nat: the kernel has no nat table'],
    [INCOMPATIBLE, '*nat\nCOMMIT\n', 'iptables nat: the kernel has no nat table'],
    [
      "iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist\n",
      UNREADABLE,
      "iptables list nat POSTROUTING: iptables v1.8.9 (legacy): can't initialize iptables table `nat': Table does not exist",
    ],
  ])('says that a kernel has no nat table (%j)', async (stderr, printed, message) => {
    const missing = (command: string, run: ToolRun) => {
      if (command.includes('-S')) return { status: 1, stderr };
      if (command === 'iptables-save -t nat') run.onOutput?.(Buffer.from(printed));
      return undefined;
    };
    expect(await messageOf(find(missing))).toBe(message);
  });

  it.each([
    ['a busy lock', 4, BUSY],
    ['a table that the tool can’t read', 1, INCOMPATIBLE],
    ['a tool that was killed', 137, ''],
  ])('leaves %s to the first sync, which is repeated', async (_what, status, stderr) => {
    const passing = (command: string, run: ToolRun) => {
      if (command.includes('-S')) return { status, stderr };
      if (command === 'iptables-save -t nat') run.onOutput?.(Buffer.from(UNREADABLE));
      return undefined;
    };
    expect((await find(passing)).variant).toBe('legacy');
  });

  it.each([
    ['IPv4', ['iptables --version', 'iptables -w 5 -S POSTROUTING -t nat']],
    ['IPv6', ['ip6tables --version', 'ip6tables -w 5 -S POSTROUTING -t nat']],
  ] as const)('uses the tools of %s', async (family, expected) => {
    const { runner, commands } = answering(() => undefined);
    await findIptables(runner, family, signal);
    expect(commands).toEqual(expected);
  });

  it('leaves a tool that hangs to the first sync', async () => {
    const { runner } = answering((command) =>
      command.includes('-S') ? new Error('did not end within 20 s and was killed') : undefined,
    );
    expect((await findIptables(runner, 'IPv4', signal)).variant).toBe('legacy');
  });

  it('lets an abort through as it is', async () => {
    const stop = AbortSignal.abort(new Error('over'));
    const { runner } = answering(() => new Error('over'));
    await expect(findIptables(runner, 'IPv4', stop)).rejects.not.toBeInstanceOf(KernelError);
  });
});

describe('save', () => {
  it.each([
    ['whole lines', ['*nat\n:A - [0:0]\n', 'COMMIT\n'], ['*nat', ':A - [0:0]', 'COMMIT']],
    ['lines in pieces', ['*n', 'at\n:A', ' - [0:0]\nCOM', 'MIT'], ['*nat', ':A - [0:0]', 'COMMIT']],
    ['what others say beside it', ['# Table x\n*nat\nCOMMIT\n'], ['# Table x', '*nat', 'COMMIT']],
  ])('gives %s', async (_what, chunks, lines) => {
    const tools = await find((command, run) => {
      if (command === 'iptables-save -t nat') for (const chunk of chunks) run.onOutput?.(Buffer.from(chunk));
      return undefined;
    });
    const seen: string[] = [];
    await tools.save('nat', (line) => seen.push(line), signal);
    expect(seen).toEqual(lines);
  });

  it('puts characters together that come in two pieces', async () => {
    const bytes = Buffer.from('*nat\n-A ä\nCOMMIT\n');
    const tools = await find((command, run) => {
      if (command.startsWith('iptables-save')) for (const byte of bytes) run.onOutput?.(Uint8Array.of(byte));
      return undefined;
    });
    const seen: string[] = [];
    await tools.save('nat', (line) => seen.push(line), signal);
    expect(seen).toEqual(['*nat', '-A ä', 'COMMIT']);
  });

  it('fails for a line that does not end', async () => {
    const tools = await find((command, run) => {
      const chunk = Buffer.from('x'.repeat(2 ** 16));
      if (command.startsWith('iptables-save')) for (let i = 0; i < 32; i++) run.onOutput?.(chunk);
      return undefined;
    });
    expect(await messageOf(tools.save('nat', () => undefined, signal))).toBe(
      'run iptables-save: printed too long a line and was killed',
    );
  });

  it('fails with the tool’s words', async () => {
    const tools = await find((command) =>
      command.startsWith('iptables-save')
        ? { status: 1, stderr: 'Cannot initialize: no memory\n' }
        : undefined,
    );
    expect(await messageOf(tools.save('nat', () => undefined, signal))).toBe(
      'iptables save nat: Cannot initialize: no memory',
    );
  });
});

describe('save of a table that was not printed as a whole', () => {
  it.each([
    [
      "# Table `nat' is incompatible, use 'nft' tool.\n",
      '',
      "iptables save nat: the table can't be read: Table `nat' is incompatible, use 'nft' tool.",
    ],
    ['', '', "iptables save nat: the table can't be read: the output is incomplete"],
    ['', 'no idea\n', "iptables save nat: the table can't be read: no idea"],
    [
      '# Generated by iptables-save v1.8.9 on Mon\n*nat\n:A - [0:0]\n',
      '',
      "iptables save nat: the table can't be read: the output is incomplete",
    ],
    ['*filter\nCOMMIT\n', '', "iptables save nat: the table can't be read: the output is incomplete"],
    [
      '*nat\n:KUBE-A - [0:0]\n:KUBE-A - [0:0]\n-A KUBE-A -j RETURN\n-A KUBE-A -j RETURN\nCOMMIT\n',
      '',
      'iptables save nat: chain KUBE-A was listed more than once: the table was changed during the dump',
    ],
  ])('fails although the tool is content (%j, %j)', async (stdout, stderr, message) => {
    const tools = await find((command, run) => {
      if (!command.startsWith('iptables-save')) return undefined;
      run.onOutput?.(Buffer.from(stdout));
      return { stderr };
    });
    expect(await messageOf(tools.save('nat', () => undefined, signal))).toBe(message);
  });
});

describe('restore', () => {
  it('gives the script to the tool, which waits for the lock', async () => {
    const { runner, commands, inputs } = answering(() => undefined);
    const tools = await findIptables(runner, 'IPv4', signal);
    await tools.restore(['*nat\n', 'COMMIT\n'], signal);
    expect(commands.at(-1)).toBe('iptables-restore -w 60 --noflush --counters');
    expect(inputs.at(-1)).toBe('*nat\nCOMMIT\n');
  });

  const PIECES = ['*nat\n:A - [0:0]\n', '-A A -j NOPE\n', 'COMMIT\n'];

  it.each([
    [
      'iptables-restore: line 3 failed\n',
      'iptables restore line 3 `-A A -j NOPE`: iptables-restore: line 3 failed',
    ],
    [
      "iptables-restore v1.8.9 (nf_tables): Chain 'NOPE' does not exist\nError occurred at line: 4\nTry `iptables-restore -h' or 'iptables-restore --help' for more information.\n",
      "iptables restore line 4 `COMMIT`: iptables-restore v1.8.9 (nf_tables): Chain 'NOPE' does not exist; Error occurred at line: 4",
    ],
    [
      '# Warning: iptables-legacy tables present, use iptables-legacy to see them\nline 2: CHAIN_ADD failed\n',
      'iptables restore line 2 `:A - [0:0]`: line 2: CHAIN_ADD failed',
    ],
    [
      'Another app is currently holding the xtables lock.\n',
      'iptables restore: Another app is currently holding the xtables lock.',
    ],
    ['line 99 failed\n', 'iptables restore: line 99 failed'],
    ['', 'iptables restore: exit status 4'],
  ])('says for %j what it was about', async (stderr, message) => {
    const tools = await find((command) =>
      command.startsWith('iptables-restore') ? { status: 4, stderr } : undefined,
    );
    expect(await messageOf(tools.restore(PIECES, signal))).toBe(message);
  });

  it('names the tool that could not be run', async () => {
    const tools = await find((command) =>
      command.startsWith('iptables-restore') ? new Error('printed too much and was killed') : undefined,
    );
    expect(await messageOf(tools.restore([], signal))).toBe(
      'run iptables-restore: printed too much and was killed',
    );
  });
});

describe('a tool that hangs', () => {
  it('holds up no other IP family', async () => {
    const hanging = new Promise<ToolResult>(() => undefined);
    const { runner } = answering(() => undefined);
    const tools = await findIptables(
      {
        ...runner,
        run: (run) => (run.file === 'iptables-restore' ? hanging : runner.run(run)),
      },
      'IPv4',
      signal,
    );
    void tools.restore([], signal);
    const others = await findIptables(runner, 'IPv6', signal);
    expect(await others.restore([], signal)).toBeUndefined();
  });

  it('is named with the time it had', async () => {
    const tools = await find((command) =>
      command.startsWith('iptables-restore')
        ? new Error('did not end within 120 s and was killed')
        : undefined,
    );
    expect(await messageOf(tools.restore([], signal))).toBe(
      'run iptables-restore: did not end within 120 s and was killed',
    );
  });
});

describe('list', () => {
  it('gives the rules of a chain', async () => {
    const tools = await find((command) =>
      command === 'iptables -w 60 -S A -t nat' ? { stdout: '-N A\n-A A -j DROP\n-A A\n' } : undefined,
    );
    expect(await tools.list('nat', 'A', signal)).toEqual(['-A A -j DROP', '-A A']);
  });

  it.each([
    [1, 'iptables: No chain/target/match by that name.\n', undefined],
    [4, 'Resource temporarily unavailable.\n', 'iptables list nat A: Resource temporarily unavailable.'],
    [1, NO_ROOT, `iptables list nat A: ${NO_ROOT.trim()} (run as root or with CAP_NET_ADMIN)`],
  ])('with status %i and %j', async (status, stderr, message) => {
    const tools = await find((command) => (command.includes('-S A') ? { status, stderr } : undefined));
    if (message === undefined) expect(await tools.list('nat', 'A', signal)).toBeUndefined();
    else expect(await messageOf(tools.list('nat', 'A', signal))).toBe(message);
  });
});

describe('list of a chain that is said to be incompatible', () => {
  const WORDS = "iptables v1.8.9 (nf_tables): chain `A' in table `nat' is incompatible, use 'nft' tool.";
  const listed = (saved: string) =>
    find((command, run) => {
      if (command.includes('-S A')) return { status: 1, stderr: `${WORDS}\n` };
      if (command.startsWith('iptables-save')) run.onOutput?.(Buffer.from(saved));
      return undefined;
    }).then((tools) => tools.list('nat', 'A', signal));

  it('gives nothing where the table can be read', async () => {
    expect(await listed('*nat\n:PREROUTING ACCEPT [0:0]\nCOMMIT\n')).toBeUndefined();
  });

  it('fails where it can not, since the chain may be there', async () => {
    expect(await messageOf(listed("# Table `nat' is incompatible, use 'nft' tool.\n"))).toContain(WORDS);
  });
});

describe('createChain', () => {
  it.each([
    [0, '', 'nothing was thrown'],
    [1, 'iptables: Chain already exists.', 'nothing was thrown'],
    [1, 'iptables: no memory', 'iptables create nat A: iptables: no memory'],
    [4, 'busy', 'iptables create nat A: busy'],
  ])('with status %i and %j: %s', async (status, stderr, message) => {
    const tools = await find((command) =>
      command === 'iptables -w 60 -N A -t nat' ? { status, stderr } : undefined,
    );
    expect((await messageOf(tools.createChain('nat', 'A', signal))).replace('no KernelError: ', '')).toBe(
      message,
    );
  });
});

describe('hasRun', () => {
  it('knows a tool while it runs and for a minute after, since its number may then be that of another', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const PID = 4711;
      const known: boolean[] = [];
      const tools: IptablesTools = await find((command, run) => {
        if (!command.startsWith('iptables-restore')) return undefined;
        run.onStarted?.(PID);
        vi.advanceTimersByTime(300_000);
        known.push(tools.hasRun(PID));
        return { status: 0 };
      });
      expect(tools.hasRun(PID)).toBe(false);
      await tools.restore([], signal);
      vi.advanceTimersByTime(50_000);
      known.push(tools.hasRun(PID));
      vi.advanceTimersByTime(11_000);
      expect([...known, tools.hasRun(PID)]).toEqual([true, true, false]);
    } finally {
      vi.useRealTimers();
    }
  });
});
