/**
 * The members of sets, in the order in which they may come and go: in between, nobody gets further than before or after,
 * and nobody who gets in before and after is kept out.
 */
import type { SetEdit, SetEntry, SetShape } from '@menwei/netlink/ipset';
import type { Frontend } from '@menwei/netlink/ipvs';
import type { IpvsChanges } from './changes.ts';
import {
  formatFrontendEntry,
  guardOf,
  isLedger,
  localNodePortSet,
  nodePortSet,
  roleOf,
  type SetRole,
  setName,
} from './sets.ts';
import type { SetContent } from './state.ts';

/** What members of sets are about, as texts to look up. */
type Subjects = ReadonlySet<string>;

export function subjectsOf(frontends: Iterable<Frontend>, ips: readonly string[] = []): Subjects {
  const subjects = new Set(ips);
  for (const frontend of frontends) {
    if ('mark' in frontend) continue;
    const { family, protocol, port } = frontend;
    subjects.add(formatFrontendEntry(frontend)).add(frontend.ip);
    for (const id of [nodePortSet(protocol), localNodePortSet(protocol)]) {
      subjects.add(`${setName(id, family)} ${port}`);
    }
  }
  return subjects;
}

/** Whether a member is about one of the subjects. */
export function isAbout(subjects: Subjects, { name, type }: SetShape, entry: SetEntry): boolean {
  return subjects.has(type === 'bitmap:port' ? `${name} ${entry}` : guardedBy(entry));
}

/** Sets that rules ask, and who is kept out. Exceptions come before the member that they are exceptions from. */
export function beginningDenials({ sets, addedMembers }: IpvsChanges): readonly SetEdit[] {
  return [
    ...sets.filter((shape) => !isLedger(shape)).map((shape): SetEdit => ({ change: 'create', shape })),
    ...inRole(addedMembers, 'exempts')
      .flatMap(some(withGuard(addedMembers)))
      .map(edit('add')),
    ...inRole(addedMembers, 'denies').map(edit('add')),
  ];
}

/** After the rules that deny. */
export function beginningAdmissions({ addedMembers }: IpvsChanges): readonly SetEdit[] {
  return [...inRole(addedMembers, 'admits'), ...inRole(addedMembers, 'closes')].map(edit('add'));
}

/** Before what is reached changes: exceptions from what stays. Those of both states alone are in force meanwhile. */
export function endingExceptions({ removedMembers }: IpvsChanges): readonly SetEdit[] {
  return inRole(removedMembers, 'exempts')
    .flatMap(others(withGuard(removedMembers)))
    .map(edit('remove'));
}

/** After what is reached has changed. */
export function beginningExceptions({ addedMembers }: IpvsChanges): readonly SetEdit[] {
  return inRole(addedMembers, 'exempts')
    .flatMap(others(withGuard(addedMembers)))
    .map(edit('add'));
}

/** After all that is to go leads nowhere any more, but for those of what is stuck. */
export function endingAdmissions({ removedMembers }: IpvsChanges, stuck: Subjects): readonly SetEdit[] {
  return [...inRole(removedMembers, 'closes'), ...inRole(removedMembers, 'admits')]
    .flatMap(others(about(stuck)))
    .map(edit('remove'));
}

/** At last. */
export function endingDenials({ removedMembers }: IpvsChanges, stuck: Subjects): readonly SetEdit[] {
  const exceptions = inRole(removedMembers, 'exempts').flatMap(some(withGuard(removedMembers)));
  return [...inRole(removedMembers, 'denies'), ...exceptions]
    .flatMap(others(about(stuck)))
    .map(edit('remove'));
}

type Test = (shape: SetShape, entry: SetEntry) => boolean;

function about(subjects: Subjects): Test {
  return (shape, entry) => subjects.size > 0 && isAbout(subjects, shape, entry);
}

/** Whether what an exception is from comes or goes too. */
function withGuard(members: readonly SetContent[]): Test {
  const guards = new Map(members.map(({ shape, entries }) => [shape.name, entries]));
  return (shape, entry) => guards.get(guardOf(shape) ?? '')?.has(guardedBy(entry)) ?? false;
}

/** `10.0.0.1,tcp:80` of `10.0.0.1,tcp:80,192.168.0.0/24`. */
function guardedBy(entry: SetEntry): string {
  const end = entry.indexOf(',', entry.indexOf(',') + 1);
  return end < 0 ? entry : entry.slice(0, end);
}

function inRole(contents: readonly SetContent[], role: SetRole): readonly SetContent[] {
  return contents.filter(({ shape }) => roleOf(shape) === role);
}

function some(test: Test): (content: SetContent) => readonly SetContent[] {
  return ({ shape, entries }) => {
    const those = new Set([...entries].filter((entry) => test(shape, entry)));
    return those.size === 0 ? [] : [{ shape, entries: those }];
  };
}

function others(test: Test): (content: SetContent) => readonly SetContent[] {
  return some((shape, entry) => !test(shape, entry));
}

function edit(change: 'add' | 'remove'): (content: SetContent) => SetEdit {
  return ({ shape, entries }) => ({ change, shape, entries: [...entries] });
}
