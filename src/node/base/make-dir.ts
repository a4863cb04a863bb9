/** Creates directories, and never loops. */
import { mkdir, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * Creates a directory and its missing parents. Node's own recursive `mkdir` retries for ever where a file system
 * answers ENOENT below an existing directory, as `/proc` does. Here each directory is tried once.
 * @throws {NodeJS.ErrnoException}
 */
export async function makeDir(path: string, mode: number): Promise<void> {
  const missing: string[] = []
  for (let at = resolve(path); !(await isDirectory(at)) && dirname(at) !== at; at = dirname(at)) missing.push(at)
  for (const dir of missing.reverse()) {
    try {
      await mkdir(dir, { mode })
    } catch (error) {
      // Another process may have created it meanwhile.
      if (!(await isDirectory(dir))) throw error
    }
  }
}

/** False if there is nothing at `path`, or no directory. @throws {NodeJS.ErrnoException} any error but ENOENT */
export async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false
    throw error
  }
}
