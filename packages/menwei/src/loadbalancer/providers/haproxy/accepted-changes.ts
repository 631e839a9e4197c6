/** Which of the changes that are asked for HAProxy takes: one Service's mistake must not hold up the others. */
import type { ObjectKey } from '../../../state/object-key.ts';
import type { BalancerChange } from '../provider.ts';
import { ProviderError } from '../provider.ts';
import type { Complaint } from './config-check.ts';
import { formatConfigFile, sortSections } from './config-file.ts';
import type { Block } from './config-text.ts';
import { type HAProxySpec, parseSectionName, type Section } from './section.ts';

type SectionsByService = ReadonlyMap<ObjectKey, readonly Section[]>;

export interface Candidate<Change> {
  readonly sections: readonly Section[];
  readonly text: string;
  /** Sections of others had to go, since HAProxy does not take them. */
  readonly withoutForeign: boolean;
  readonly accepted: readonly Change[];
  readonly refused: ReadonlyMap<Change, ProviderError>;
}

interface Question<Change> {
  readonly cluster: string;
  readonly base: SectionsByService;
  readonly foreign: readonly Block[];
  readonly changes: readonly Change[];
  /** A text that need not be checked: it is in force. */
  readonly current: string;
  check(text: string): Promise<readonly Complaint[]>;
}

/** @throws ProviderError when what HAProxy refuses is none of the sections of this cluster */
export async function acceptChanges<Change extends { readonly change: BalancerChange<HAProxySpec> }>(
  question: Question<Change>,
): Promise<Candidate<Change>> {
  const { cluster, current } = question;
  let { foreign } = question;
  const refused = new Map<Change, ProviderError>();
  const base = new Map(question.base);
  for (;;) {
    const accepted = question.changes.filter((change) => !refused.has(change));
    const sections = sortSections(cluster, changedSections(base, accepted));
    const text = formatConfigFile(cluster, sections, foreign);
    const complaints = text === current ? [] : await question.check(text);
    if (complaints.length === 0) {
      const withoutForeign = foreign.length < question.foreign.length;
      return { sections, text, withoutForeign, accepted, refused };
    }
    const guilty = blame(cluster, complaints);
    let isNews = false;
    for (const change of accepted) {
      const words = change.change.service === undefined ? undefined : guilty.get(change.change.service);
      if (words === undefined) continue;
      refused.set(change, new ProviderError(`haproxy refuses it: ${words}`));
      isNews = true;
    }
    // One that nobody has asked for now, and that HAProxy does not take any more, would keep all others from being changed.
    if (!isNews) for (const service of guilty.keys()) isNews = base.delete(service) || isNews;
    if (isNews) continue;
    if (foreign.length === 0) {
      const words = complaints.map(({ message }) => message).join('; ');
      throw new ProviderError(`haproxy refuses its configuration: ${words}`);
    }
    foreign = [];
  }
}

/** What HAProxy says about each Service. */
export function blame(cluster: string, complaints: readonly Complaint[]): ReadonlyMap<ObjectKey, string> {
  const guilty = new Map<ObjectKey, string>();
  for (const { section, message } of complaints) {
    const service = parseSectionName(cluster, section)?.service;
    if (service === undefined) continue;
    const before = guilty.get(service);
    guilty.set(service, before === undefined ? message : `${before}; ${message}`);
  }
  return guilty;
}

function changedSections(
  base: SectionsByService,
  changes: readonly { readonly change: BalancerChange<HAProxySpec> }[],
): readonly Section[] {
  const byService = new Map(base);
  for (const { change } of changes) {
    if (change.change === 'put') byService.set(change.service, change.spec.sections);
    else if (change.service !== undefined) byService.delete(change.service);
  }
  return [...byService.values()].flat();
}
