/** Certificates, keys and tokens at the moment they are needed. */
import { readFile } from 'node:fs/promises';
import { ApiError } from './api-error.ts';
import type { Material } from './connection.ts';

/**
 * Reads material again at each use, since requests are rare (a watch lives for minutes) and files rotate. A file
 * that is missing or empty for a moment, as during a rotation, does not lose the last good content.
 */
export class MaterialReader {
  readonly #material: Material;
  #lastGood: string | undefined;

  constructor(material: Material) {
    this.#material = material;
  }

  /** @throws ApiError `credentials` when the file never could be read */
  async read(): Promise<string> {
    if ('text' in this.#material) return this.#material.text;
    const { file } = this.#material;
    try {
      const text = await readFile(file, 'utf8');
      if (text.trim() === '') throw new Error('is empty');
      this.#lastGood = text;
    } catch (cause) {
      if (this.#lastGood === undefined) throw unreadable(file, cause);
    }
    return this.#lastGood ?? '';
  }
}

/** Where material stands, for messages. */
export function originOf(material: Material): string {
  return 'file' in material ? material.file : 'kubeconfig';
}

function unreadable(file: string, cause: unknown): ApiError {
  const reason =
    cause instanceof Error ? ('code' in cause ? String(cause.code) : cause.message) : String(cause);
  return new ApiError('credentials', `${file}: can't be read (${reason})`, { cause });
}
