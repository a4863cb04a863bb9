/**
 * The control port's unix socket (spec §10): accessible to its owner alone from the moment it exists. It replaces a
 * socket left by an unclean stop.
 */
import { chmod, lstat, mkdtemp, rename, rm } from 'node:fs/promises'
import { connect, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import { fail, ok, type Result } from '../../../dag/result.ts'
import { fitsSocket } from '../paths.ts'

export interface BoundSocket {
  readonly server: Server
  readonly path: string
  /** Inode of the socket file, to detect one that another daemon put in its place. */
  readonly inode: number
}

/** Whether a daemon accepts connections at this path. */
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
 * Listens at `path` with mode 0600. Binds in a private directory first, then moves the socket into place: no other user
 * can reach it between `bind` and `chmod`, and a stale socket is replaced atomically.
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

/** Removes the socket file if it is still ours. The owner of the server closes it. */
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
