/**
 * The control port's unix socket (spec §10): reachable by its owner alone from the moment it exists, in place of one
 * that an unclean stop left behind.
 */
import { chmod, lstat, mkdtemp, rename, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { fitsSocket } from '../paths.ts'

export interface BoundSocket {
  readonly server: Server
  readonly path: string
  /** Of the socket file, to tell it from one that another daemon put there since. */
  readonly inode: number
}

/** Whether a daemon answers at this path. */
export async function isSocketAlive(path: string): Promise<boolean> {
  if (!fitsSocket(path)) return false
  return await new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/**
 * Listens at `path` with mode 0600. Binds inside a private directory first and moves the socket into place: between
 * `bind` and `chmod` nobody else can reach it, and a stale socket is replaced in one step.
 */
export async function bindSocket(server: Server, path: string): Promise<Result<BoundSocket, { readonly why: string }>> {
  if (!fitsSocket(path))
    return fail({ why: 'the path is too long for a unix socket: set XDG_STATE_HOME to a shorter one' })
  let privateDir: string | undefined
  try {
    privateDir = await mkdtemp(join(dirname(path), '.s-'))
    const first = join(privateDir, 's')
    await listen(server, first)
    await chmod(first, 0o600)
    await rename(first, path)
    return ok({ server, path, inode: (await lstat(path)).ino })
  } catch (error) {
    server.close()
    return fail({ why: String(error) })
  } finally {
    if (privateDir !== undefined) await rm(privateDir, { recursive: true, force: true })
  }
}

/** Removes the socket file if it is still ours; the server is closed by its owner. */
export async function unbindSocket(socket: BoundSocket): Promise<void> {
  const found = await lstat(socket.path).catch(() => undefined)
  if (found?.ino === socket.inode) await rm(socket.path, { force: true })
}

function listen(server: Server, path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
}
