/**
 * Everything a command may touch (spec §11): streams, environment, signal, and the ways to reach a daemon. They are
 * passed in, so that commands are tested without a process. The errors that end a command are here too.
 */
import type { ChainCursor, ChainsCursor, ListenOptions } from '../control/client/client.ts'
import type { ControlCaller } from '../control/client/rpc-client.ts'
import type { Endpoint } from '../control/client/dial.ts'
import type { OutageCallbacks } from '../control/client/reconnect.ts'
import type { ControlEvent } from '../control/shapes.ts'
import type { VerifyCommandOptions, WriteLine } from '../daemon/verify-command.ts'
import type { DaemonOptions } from '../daemon/daemon.ts'

export interface Io {
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export interface PersistentOptions extends OutageCallbacks {
  readonly signal: AbortSignal
}

/** The client as used by commands that listen; tests pass a fake. */
export interface PersistentClient extends ControlCaller {
  listen(chain: string, options: Pick<ListenOptions<ChainCursor>, 'from' | 'onBegin'>): AsyncIterable<ControlEvent>
  listenAll(options?: Pick<ListenOptions<ChainsCursor>, 'from'>): AsyncIterable<ControlEvent>
}

export interface CliModules {
  /** Opens one connection. */
  connect(endpoint: Endpoint, options: { signal: AbortSignal }): Promise<ControlCaller>
  /** Opens a client that reconnects when the daemon comes back. Rejects if there is no daemon now. */
  connectPersistent(endpoint: Endpoint, options: PersistentOptions): Promise<PersistentClient>
  runDaemon(options: DaemonOptions): Promise<void>
  /** Resolves once the browser, or what finds it, was started. The address is seen by all users of the machine. */
  openInBrowser(address: string): Promise<void>
  /** Resolves to true if no problem was found. */
  runVerify(options: VerifyCommandOptions, tell: WriteLine): Promise<boolean>
}

/** The end of every usage error. @param path - path of the command (`chain post`); empty for the whole program */
export function seeHelp(path = ''): string {
  return ` (see freechains ${path === '' ? '' : `${path} `}--help)`
}

/** The command line cannot be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command was understood and failed: exit status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** The reader of stdout is gone (`| head -1`): stop, without an error. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

/** Ctrl-C: the work in progress was abandoned. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Writes and waits until the stream accepted the data, or Ctrl-C. @throws {ReaderGone} @throws {Interrupted} */
export function write(stream: NodeJS.WritableStream, text: string | Uint8Array, signal?: AbortSignal): Promise<void> {
  const written = new Promise<void>((resolve, reject) => {
    stream.write(text, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null) resolve()
      else if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') reject(new ReaderGone('nobody reads'))
      else reject(new CommandError(`cannot write the answer: ${error.message}`))
    })
  })
  return signal === undefined ? written : orInterrupted(written, signal)
}

/** Writes what is not the answer. One that cannot be written does not fail what was done. @throws {Interrupted} */
export async function writeAside({ stderr, signal }: Pick<Io, 'stderr' | 'signal'>, line: string): Promise<void> {
  try {
    await write(stderr, `freechains: ${line}\n`, signal)
  } catch (error) {
    if (error instanceof Interrupted) throw error
  }
}

/** Yields the chunks of a stream until it ends. @throws {Interrupted} */
export async function* chunksOf(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]()
  for (;;) {
    const step = await orInterrupted(chunks.next(), signal)
    if (step.done === true) return
    yield step.value
  }
}

/** The value of a promise, unless Ctrl-C comes first. Leaves no listener on the signal. @throws {Interrupted} */
async function orInterrupted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let giveUp = (): void => undefined
  const interrupted = new Promise<never>((_resolve, reject) => {
    giveUp = () => reject(new Interrupted('Ctrl-C'))
    if (signal.aborted) giveUp()
    signal.addEventListener('abort', giveUp, { once: true })
  })
  try {
    return await Promise.race([promise, interrupted])
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** The meaning of an OS error, without system call and number: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such file or directory'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'ENOTDIR') return 'a part of the path is no directory'
  if (code === 'ENOSPC') return 'the disk is full'
  return message
}
