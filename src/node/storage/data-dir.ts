/**
 * The data directory itself (spec §12), beside what LevelDB keeps in it: that other users may not write into it, and that it is
 * still the one that was opened. LevelDB goes on writing into files that were deleted, or whose folder was moved away.
 */
import { accessSync, constants, readFileSync, statSync, type BigIntStats } from 'node:fs'
import { chmod, readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** What the node itself puts there, and what systems put into a volume's root. A name with a dot in front is nobody's. */
const OWN_NAMES: readonly string[] = ['db', 'control.cookie', 'lost+found']

const OTHERS = 0o077
const OTHERS_WRITE = 0o022
const OWNER_WRITE = 0o200n

/**
 * Takes the rights of other users on a directory of the node's own away. Returns why the directory must not be used: it holds
 * other things too, or belongs to somebody else, and others may write into it, so that they could put a database in its place.
 */
export async function closeToOthers(dir: string): Promise<string | undefined> {
  // On Windows there are no such rights.
  if (process.getuid === undefined) return undefined
  const { mode } = await stat(dir)
  if ((mode & OTHERS) === 0) return undefined
  const names = await readdir(dir)
  const isOwn = names.every((name) => OWN_NAMES.includes(name) || name.startsWith('.'))
  const isClosed =
    isOwn &&
    (await chmod(dir, mode & ~OTHERS).then(
      () => true,
      () => false,
    ))
  if (isClosed || (mode & OTHERS_WRITE) === 0) return undefined
  return `other users may write into it (mode ${(mode & 0o7777).toString(8)})`
}

/** A directory as it was when its database was opened. */
export class OpenedDir {
  readonly #dir: string
  readonly #ids: readonly (readonly [path: string, id: string])[]
  readonly #current: string

  private constructor(dir: string, ids: readonly (readonly [path: string, id: string])[], current: string) {
    this.#dir = dir
    this.#ids = ids
    this.#current = current
  }

  /** @param db - the folder of the database in it */
  static async of(dir: string, db: string): Promise<OpenedDir> {
    const paths = [dir, db, join(db, 'LOCK')]
    const ids = await Promise.all(paths.map(async (path) => [path, idOf(await stat(path, { bigint: true }))] as const))
    return new OpenedDir(dir, ids, await readFile(join(db, 'CURRENT'), 'utf8'))
  }

  /**
   * Why what is written now would not be found after a restart; undefined if it would. LevelDB writes CURRENT only when it
   * opens: another content means that files of another run were put over it. Synchronous, for these inodes are in the cache:
   * some 30 µs, where seven trips to libuv's threads cost ten times that and wait behind LevelDB's.
   */
  whyLost(): string | undefined {
    try {
      for (const [path, id] of this.#ids) {
        const now = statSync(path, { bigint: true })
        if (idOf(now) !== id) return `${path} was replaced`
        if (process.getuid !== undefined && now.isDirectory() && (now.mode & OWNER_WRITE) === 0n) {
          return `${path} was made read-only`
        }
      }
      accessSync(this.#dir, constants.W_OK)
      const [, db = ''] = this.#ids.map(([path]) => path)
      return readFileSync(join(db, 'CURRENT'), 'utf8') === this.#current ? undefined : `${db} was replaced`
    } catch (error) {
      const { code, path = this.#dir } = error as NodeJS.ErrnoException
      if (code === 'ENOENT') return `${path} was removed`
      return code === 'EACCES' || code === 'EROFS'
        ? `${path} was made read-only`
        : `${path} cannot be read: ${String(error)}`
    }
  }
}

function idOf({ dev, ino }: BigIntStats): string {
  return `${String(dev)}:${String(ino)}`
}
