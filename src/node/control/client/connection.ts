/**
 * Opens one typed connection to the control port (spec §10): used by the command line, by tests, and by the client for apps
 * (`app-client.ts`), which survives its loss. Over TCP the daemon must prove that it knows the cookie (`hello`) before
 * the client sends the token, so that another process on the port learns nothing.
 */
import type { Socket } from 'node:net'
import { freshNonce, helloMac, sameSecret } from '../auth.ts'
import { clientError, ClientError } from './client-error.ts'
import { readCookie } from '../cookie.ts'
import { dial, stateDirOf, type Endpoint } from './dial.ts'
import { ANSWER_BYTES } from '../port-limits.ts'
import { readLines, textOfLine } from '../json-lines.ts'
import { cookiePath } from '../paths.ts'
import { ControlClient, type Transport } from './rpc-client.ts'

/** Deadline for `hello` and `auth` together. */
const GREETING_MS = 5_000

/** Connects, and authenticates where that is needed. @throws {ClientError} */
export async function connect(endpoint: Endpoint, options: { signal?: AbortSignal } = {}): Promise<ControlClient> {
  const { socket, isUnix } = await dial(endpoint)
  const client = new ControlClient(overSocket(socket))
  const { signal } = options
  const onAbort = (): void => client.close()
  signal?.addEventListener('abort', onAbort, { once: true })
  // A reconnecting caller passes the same signal each time: remove the listener.
  socket.once('close', () => signal?.removeEventListener('abort', onAbort))
  if (signal?.aborted === true) client.close()
  if (isUnix || 'socket' in endpoint) return client
  const deadline = setTimeout(() => client.close(), GREETING_MS)
  try {
    await greet(client, `${endpoint.host}:${String(endpoint.port)}`, cookiePath(stateDirOf(endpoint), endpoint.port))
    return client
  } catch (error) {
    client.close()
    throw error
  } finally {
    clearTimeout(deadline)
  }
}

async function greet(client: ControlClient, address: string, path: string): Promise<void> {
  const token = await readCookie(path)
  if (token === undefined) {
    const why = `something answers at ${address}, but there is no cookie ${path}`
    throw clientError('no-cookie', `${why}: run this as the user that runs the daemon, with the same XDG_STATE_HOME`)
  }
  const nonce = freshNonce()
  const hmac = await client.call('hello', { nonce }).then(
    (answer) => answer.hmac,
    (error: unknown) => {
      if (error instanceof ClientError && error.code === 'too-many-connections') throw error
      return ''
    },
  )
  if (!sameSecret(hmac, helloMac(token, nonce))) {
    const why = `what answers at ${address} does not know the cookie ${path}`
    throw clientError('not-the-daemon', `${why}: it is not your daemon, and was told nothing; look what has the port`)
  }
  await client.call('auth', { token })
}

/** Lines on a connected socket, which it takes ownership of. */
function overSocket(socket: Socket): Transport {
  socket.setNoDelay(true)
  // Reading ends on an error.
  socket.on('error', () => undefined)
  return {
    send: (message) => {
      // Calls that are made in one turn go out together: a write to the socket costs more than most calls.
      if (socket.writableCorked === 0) {
        socket.cork()
        process.nextTick(() => socket.uncork())
      }
      socket.write(`${message}\n`)
    },
    messages: () => messagesOf(socket),
    close: () => void socket.destroy(),
  }
}

async function* messagesOf(socket: Socket): AsyncGenerator<string> {
  try {
    for await (const line of readLines(socket, () => ANSWER_BYTES)) yield textOfLine(line) ?? ''
  } catch (error) {
    const isCut = socket.errored !== null || socket.destroyed
    if (!isCut) throw error
  }
}
