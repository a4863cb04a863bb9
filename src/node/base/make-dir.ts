/** Makes directories, and always comes to an end. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Makes a directory and those above it that are missing. Node's own recursive `mkdir` tries for ever where a file system
 * answers “no such file or directory” below a directory that is there, as `/proc` does; here each is tried once.
 * @throws {NodeJS.ErrnoException}
 */
export async function makeDir(path: string, mode: number): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isDirectory(at)) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const dir of missing.reverse()) {
    try {
      await mkdir(dir, { mode })
    } catch (error) {
      // Somebody else may have made it meanwhile.
      if (!(await isDirectory(dir))) throw error
    }
  }
}

/** False if nothing is there or something else. @throws {NodeJS.ErrnoException} it cannot be known */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
