/** What the rules without any Service depend on, and the matches they have in common. */

import type { ChainId } from '@menwei/netfilter/iptables/chain-id.ts';
import type { Rule } from '@menwei/netfilter/iptables/rule.ts';
import type { NodeView } from '../../services/node-view.ts';
import { podSource, type Source } from '../xtables/pod-source.ts';
import type { IpvsOptions } from './options.ts';
import { type SetId, setComment, setName } from './sets.ts';

export interface BaseFacts {
  readonly options: IpvsOptions;
  readonly detectLocal: NodeView['detectLocal'];
  readonly isFilled: (id: SetId) => boolean;
}

export type ChainRules = readonly (readonly [ChainId, readonly Rule[]])[];

/** The match that asks a set, with the comment that says what it is. */
export function asking({ options }: BaseFacts, id: SetId, directions: string): Pick<Rule, 'comment' | 'set'> {
  return { comment: setComment(id), ...inSet(options, id, directions) };
}

/** The same without words. */
export function inSet({ family }: IpvsOptions, id: SetId, directions: string): Pick<Rule, 'set'> {
  return { set: { name: setName(id, family), directions } };
}

/** Rules that are there only while the set has members. */
export function ifFilled({ isFilled }: BaseFacts, id: SetId, ...rules: readonly Rule[]): readonly Rule[] {
  return isFilled(id) ? rules : [];
}

/** What comes from elsewhere than the pods of this node; undefined where those can't be told. */
export function notLocal({ detectLocal }: BaseFacts): Source | undefined {
  return podSource(detectLocal, '! ');
}
