/**
 * What a command may touch (spec §11): its streams, environment, signal, and the ways to reach a daemon. Handed in, so
 * that commands are tested without a process. Here is also what ends a command other than its answer.
 */
import type { ChainCursor, ListenOptions } from '../control/client/app-client.ts'
import type { ControlCaller } from '../control/client/connection.ts'
import type { Endpoint } from '../control/client/dial.ts'
import type { OutageCallbacks } from '../control/client/reconnect.ts'
import type { ControlEvent } from '../control/shapes.ts'
import type { VerifyCommandOptions, WriteLine } from '../daemon/verify-command.ts'
import type { DaemonOptions } from '../daemon/daemon.ts'

export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export interface PersistentOptions extends OutageCallbacks {
  readonly signal: AbortSignal
}

/** What a command that listens needs of a client; tests give it a fake. */
export interface PersistentClient extends ControlCaller {
  listen(chain: string, options: Pick<ListenOptions<ChainCursor>, 'from' | 'onBegin'>): AsyncIterable<ControlEvent>
  listenAll(): AsyncIterable<ControlEvent>
}

export interface CliModules {
  /** One connection. */
  connect(endpoint: Endpoint, options: { signal: AbortSignal }): Promise<ControlCaller>
  /** A client that goes on when the daemon comes back; only now there has to be one. */
  connectPersistent(endpoint: Endpoint, options: PersistentOptions): Promise<PersistentClient>
  runDaemon(options: DaemonOptions): Promise<void>
  /** True if all is well. */
  runVerify(options: VerifyCommandOptions, tell: WriteLine): Promise<boolean>
}

/** Behind every error of usage. @param path - words that lead to the command: `chain post`; none for all of it */
export function seeHelp(path = ''): string {
  return ` (see freechains ${path === '' ? '' : `${path} `}--help)`
}

/** The command cannot be understood: exit status 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}

/** The command is understood and cannot be done: exit status 1. */
export class CommandError extends Error {
  override readonly name = 'CommandError'
}

/** Who reads our stdout has stopped reading (`| head -1`): nothing more to do, and nothing went wrong. */
export class ReaderGone extends Error {
  override readonly name = 'ReaderGone'
}

/** Ctrl-C: what was under way was given up. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'
}

/** Writes and waits until the stream took it, or Ctrl-C. @throws {ReaderGone} @throws {Interrupted} */
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

/** The chunks of a stream as they come, until it ends. @throws {Interrupted} */
export async function* chunksOf(stream: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const chunks = stream[Symbol.asyncIterator]()
  for (;;) {
    const step = await orInterrupted(chunks.next(), signal)
    if (step.done === true) return
    yield step.value
  }
}

/** What a promise gives, unless Ctrl-C comes first. Leaves nothing behind at the signal. @throws {Interrupted} */
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

/** What an OS error means, without its call and number: `no such file or directory`. */
export function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'ENOENT') return 'no such file or directory'
  if (code === 'EACCES' || code === 'EPERM') return 'permission denied'
  if (code === 'EISDIR') return 'it is a directory'
  if (code === 'ENOTDIR') return 'a part of the path is no directory'
  if (code === 'ENOSPC') return 'the disk is full'
  return message
}
