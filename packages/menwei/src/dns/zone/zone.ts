/**
 * The contract of what knows names by itself: the names of the cluster, a hosts file. Pure: it answers from what it holds, at once.
 */
import type { Alias, Answer } from '../wire/answer.ts';
import type { Question } from '../wire/question.ts';

export interface Zone {
  /** Undefined: the name is not in a zone of ours, and others are to be asked. The class is IN. */
  lookup(question: Question): Answer | Alias | undefined;
}
