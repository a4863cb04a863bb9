/** Reads this project's own files, for the audits. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

const TOP = resolve(import.meta.dirname, '../..')

/** Text of a file, by its path from the top of the repository. */
export function textOf(path: string): string {
  return readFileSync(join(TOP, path), 'utf8')
}

/** Paths (from the top) of all TypeScript files under a folder, sorted. */
export function sourcesUnder(folder: string): readonly string[] {
  return readdirSync(join(TOP, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => `${folder}/${path.replaceAll('\\', '/')}`)
    .sort()
}
