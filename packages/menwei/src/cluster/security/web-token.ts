/** JSON Web Tokens signed by one key (RFC 7515, 7519): ES256 or RS256, as the key is. */
import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { isObject } from '../schema/values.ts';

/** Longer than any that was issued here. */
const MOST_CHARACTERS = 16 * 1024;

/** Signs tokens, and verifies those that it has signed. */
export class TokenKey {
  readonly #private: KeyObject;
  readonly #public: KeyObject;
  readonly #algorithm: 'ES256' | 'RS256';
  readonly #id: string;

  /** @throws Error if the key is neither of the P-256 curve nor an RSA one */
  constructor(key: KeyObject) {
    this.#algorithm = algorithmOf(key);
    this.#private = key;
    this.#public = createPublicKey(key);
    const der = this.#public.export({ type: 'spki', format: 'der' });
    this.#id = createHash('sha256').update(der).digest('base64url');
  }

  sign(claims: object): string {
    const head = encode({ alg: this.#algorithm, kid: this.#id });
    const signed = `${head}.${encode(claims)}`;
    const signature = sign('sha256', Buffer.from(signed), { key: this.#private, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  }

  /** The claims of a token that this key signed; undefined for any other text. Times are not looked at. */
  verify(token: string): Readonly<Record<string, unknown>> | undefined {
    if (token.length > MOST_CHARACTERS) return undefined;
    const parts = token.split('.');
    const [head = '', payload = '', signature = ''] = parts;
    if (parts.length !== 3) return undefined;
    const { alg } = decode(head) ?? {};
    if (alg !== this.#algorithm) return undefined;
    const isOurs = verify(
      'sha256',
      Buffer.from(`${head}.${payload}`),
      { key: this.#public, dsaEncoding: 'ieee-p1363' },
      Buffer.from(signature, 'base64url'),
    );
    return isOurs ? decode(payload) : undefined;
  }
}

function algorithmOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): 'ES256' | 'RS256' {
  if (asymmetricKeyType === 'rsa') return 'RS256';
  if (asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1') return 'ES256';
  throw new Error('is neither an EC key of the P-256 curve nor an RSA key');
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function decode(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
