/**
 * What it takes to answer for many load-balancer addresses from user space, beside the kernel that has them on an interface.
 *
 *   npm run bench:announce -- [--addresses 1000] [--rate 1000] [--seconds 20] [--idle 60] [--json]
 *
 * Two network namespaces with a cable between them; the asker is in this process, the speaker in one of its own.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import { connect, Namespace } from '../test/kernel/segment-namespaces.ts';
import { announcedAddresses } from './announced-addresses.ts';
import { type AnswerTimes, type Asker, askSteadily } from './arp-questions.ts';
import { round } from './figures.ts';
import { positive, progress } from './options.ts';
import { residentMb, scheduledSeconds } from './started-process.ts';

interface Options {
  readonly addresses: number;
  readonly rate: number;
  readonly seconds: number;
  readonly idle: number;
  readonly json: boolean;
}

const options = new Command('bench:announce')
  .option('--addresses <n>', 'load-balancer addresses on the node', positive, 1_000)
  .option('--rate <n>', 'questions a second', positive, 1_000)
  .option('--seconds <n>', 'how long is asked', positive, 20)
  .option('--idle <n>', 'seconds without questions', positive, 60)
  .option('--json', 'one JSON object on the last line', false)
  .parse()
  .opts<Options>();

/** load-balancer § 11. */
const GOALS = { p99Ms: 2, idlePercent: 0.5, memoryMb: 15 } as const;
const PROCESS = new URL('announcing-process.ts', import.meta.url).pathname;
/** The neighbours are told of new addresses for five seconds, and memory of the start is given back. */
const REST_MS = 8_000;

async function main(): Promise<void> {
  using node = new Namespace();
  using client = new Namespace();
  const mac = '02:00:00:00:00:aa';
  connect(
    { at: node, name: 'eth0', mac: '02:00:00:00:00:01', linkLocal: 'fe80::1' },
    { at: client, name: 'eth0', mac, linkLocal: 'fe80::aa' },
  );
  const asker: Asker = { interfaceIndex: client.indexOf('eth0'), mac, ip: '10.255.0.2' };
  const addresses = announcedAddresses(options.addresses);
  const ask = () => client.within(() => askSteadily(asker, addresses, options.rate, options.seconds));

  const none = await withSpeaker(node, 0, async (pid) => residentMb(pid));
  const speaker = await withSpeaker(node, options.addresses, async (pid) => {
    const idleMb = residentMb(pid);
    const before = scheduledSeconds(pid);
    await sleep(options.idle * 1_000);
    const idlePercent = round((100 * (scheduledSeconds(pid) - before)) / options.idle, 3);
    const busyFrom = scheduledSeconds(pid);
    const times = await ask();
    const busyPercent = round((100 * (scheduledSeconds(pid) - busyFrom)) / (options.seconds + 1), 1);
    return { ...times, idlePercent, busyPercent, memoryMb: round(idleMb - none) };
  });
  const kernel = await withKernel(node, addresses, ask);
  report(speaker, kernel);
}

type SpeakerFigures = AnswerTimes & {
  readonly idlePercent: number;
  readonly busyPercent: number;
  readonly memoryMb: number;
};

function report(speaker: SpeakerFigures, kernel: AnswerTimes): void {
  const ratio = {
    p50: round(speaker.p50Ms / kernel.p50Ms, 2),
    p99: round(speaker.p99Ms / kernel.p99Ms, 2),
  };
  for (const [name, { asked, unanswered, p50Ms, p99Ms }] of [
    ['speaker', speaker],
    ['kernel', kernel],
  ] as const) {
    progress(`${name}: ${asked} questions, ${unanswered} without answer, p50 ${p50Ms} ms, p99 ${p99Ms} ms`);
  }
  progress(`speaker beside the kernel: p50 ${ratio.p50} times, p99 ${ratio.p99} times`);
  progress(`${options.addresses} addresses: ${speaker.memoryMb} MB more than without any,`);
  progress(`  idle ${speaker.idlePercent} % of a core, answering ${speaker.busyPercent} %`);
  if (options.json) process.stdout.write(`${JSON.stringify({ speaker, kernel, ratio })}\n`);
  const missed = Object.entries(GOALS).filter(([name, goal]) => {
    return name in speaker && Number(speaker[name as keyof typeof GOALS]) > goal;
  });
  for (const [name, goal] of missed) progress(`goal missed: ${name} of ${goal}`);
  if (missed.length > 0 || speaker.unanswered > 0) process.exitCode = 1;
}

async function withSpeaker<Result>(
  node: Namespace,
  count: number,
  work: (pid: number) => Promise<Result>,
): Promise<Result> {
  const args = ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=2', PROCESS, String(count)];
  const child = node.within(() => spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] }));
  try {
    const [said] = await once(child.stdout, 'data');
    if (String(said) !== 'ready\n') throw new Error(`the speaker does not answer: ${said}`);
    await sleep(REST_MS);
    return await work(pidOf(child));
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

function pidOf({ pid }: ChildProcess): number {
  if (pid === undefined) throw new Error('the speaker was not started');
  return pid;
}

async function withKernel<Result>(
  node: Namespace,
  addresses: readonly string[],
  work: () => Promise<Result>,
): Promise<Result> {
  const commands = addresses.map((ip) => `address add ${ip}/32 dev eth0\n`).join('');
  const { status, stderr } = node.within(() =>
    spawnSync('ip', ['-batch', '-'], { input: commands, encoding: 'utf8' }),
  );
  if (status !== 0) throw new Error(`ip -batch: ${stderr}`);
  return await work();
}

await orFail(main);
