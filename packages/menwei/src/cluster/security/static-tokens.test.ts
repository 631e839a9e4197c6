import { describe, expect, it } from 'vitest';
import { parseTokens } from './static-tokens.ts';

describe('a file of tokens', () => {
  it.each([
    ['too few fields', 'a,b'],
    ['no token', ',b,c'],
    ['no user', 'a,,c'],
    ['an open quote', 'a,b,c,"d'],
    ['a token twice', 'a,b,c\na,d,e'],
  ])('is refused for %s, without telling what stands in it', (_, text) => {
    const parsed = parseTokens(text);
    expect('errors' in parsed && parsed.errors.join()).toMatch(/^line \d (is not token|has the token)/);
  });

  it('may have quotes, blanks, empty lines and comments', () => {
    const parsed = parseTokens('# tokens\r\n\r\n t1 , "Jane ""J""" , 7 , " g1, g2 "\r\n');
    expect('tokens' in parsed && parsed.tokens.find('t1')).toEqual({
      name: 'Jane "J"',
      uid: '7',
      groups: ['g1', 'g2', 'system:authenticated'],
      extra: {},
    });
  });
});
