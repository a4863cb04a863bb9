/** Small lists of text that the node keeps in its data directory: remembered peers, peers added by command. */
import * as dagCbor from '@ipld/dag-cbor'
import type { Database } from './database.ts'

export interface TextList {
  load(): Promise<readonly string[]>
  save(entries: readonly string[]): Promise<void>
}

/** `name`: of the record, in a–z, 0–9 and dashes. A record that does not decode counts as empty. */
export function textList(disk: Database, name: string): TextList {
  return {
    async load() {
      const bytes = await disk.get(name)
      return bytes === undefined ? [] : decodeList(bytes)
    },
    save: (entries) => disk.put(name, dagCbor.encode([...entries])),
  }
}

function decodeList(bytes: Uint8Array): readonly string[] {
  try {
    const value: unknown = dagCbor.decode(bytes)
    return Array.isArray(value) ? value.filter((entry) => typeof entry === 'string') : []
  } catch {
    return []
  }
}
