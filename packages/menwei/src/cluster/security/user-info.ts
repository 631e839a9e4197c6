/** What reviews answer. */
import type { ApiObject } from '../schema/object.ts';
import { isObject } from '../schema/values.ts';
import type { User } from './access.ts';

/** What is empty is left out. */
export function userInfo({ name, uid, groups, extra }: User): object {
  const hasExtra = Object.keys(extra).length > 0;
  return {
    username: name,
    ...(uid === '' ? {} : { uid }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(hasExtra ? { extra } : {}),
  };
}

/** From what a review says: lists of texts by their key. */
export function extraOf(value: unknown): User['extra'] {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, texts]) => [
      key,
      [texts].flat().filter((each) => typeof each === 'string'),
    ]),
  );
}

/** A review with what is answered. */
export function withStatus(review: ApiObject, status: object): ApiObject {
  return { ...review, ...{ status } };
}
