/**
 * What a command may touch (spec §11): its streams, environment, signal, and the ways to reach a daemon. Handed in, so
 * that commands are tested without a process. Here is also what ends a command other than its answer.
 */
import type { ControlCaller } from '../control/client.ts'
import type { Endpoint } from '../control/dial.ts'
import type { CheckCommandOptions, Tell } from '../check-command.ts'
import type { DaemonOptions } from '../daemon.ts'

export interface Io {
  readonly stdin: AsyncIterable<Uint8Array>
  readonly stdout: NodeJS.WritableStream & { readonly isTTY?: boolean }
  readonly stderr: NodeJS.WritableStream
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal
}

export interface CliModules {
  connect(endpoint: Endpoint, options: { signal: AbortSignal }): Promise<ControlCaller>
  runDaemon(options: DaemonOptions): Promise<void>
  /** True if all is well. */
  runCheck(options: CheckCommandOptions, tell: Tell): Promise<boolean>
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

/** Writes and waits until the stream took it. @throws {ReaderGone} */
export function write(stream: NodeJS.WritableStream, text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    stream.write(text, (error?: NodeJS.ErrnoException | null) => {
      if (error === undefined || error === null) resolve()
      else if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') reject(new ReaderGone('nobody reads'))
      else reject(new CommandError(`cannot write the answer: ${error.message}`))
    })
  })
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
