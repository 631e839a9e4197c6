/** The Accept header. */

export interface Wanted {
  /** `application/json`, or with a star for any. */
  readonly range: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** What an Accept header takes, the most wanted first. */
export function parseAccept(accept: string): readonly Wanted[] {
  const wanted = accept.split(',').map((clause) => {
    const [range = '', ...rest] = clause.split(';').map((part) => part.trim());
    const parameters = new Map(
      rest.map((part) => {
        const [name = '', value = ''] = part.split('=', 2);
        return [name.trim().toLowerCase(), value.trim()];
      }),
    );
    return { range: range.toLowerCase(), parameters, quality: Number(parameters.get('q') ?? 1) || 0 };
  });
  return wanted.filter(({ quality }) => quality > 0).sort((a, b) => b.quality - a.quality);
}

/** Whether a range of the header, perhaps with stars, takes a media type. */
export function matchesRange(range: string, mediaType: string): boolean {
  const [type = ''] = mediaType.split('/');
  return range === '*/*' || range === `${type}/*` || range === mediaType;
}
