/**
 * SIGHUP (spec §12), which means two things: a terminal is gone, which ends a node that was started in it; or the operator
 * wants the chains of the config file read again.
 */
import type { Terminal } from '../base/terminal.ts'

export class Hangup {
  /** Resolves when the node should end, with the reason. */
  readonly gone: Promise<string>
  /** Absent during the start, when the file has just been read, and during the stop. */
  onReload: (() => void) | undefined
  readonly #terminal: Pick<Terminal, 'isGone'>
  readonly #end: (why: string) => void

  /** Handles SIGHUP from now on. Without a handler it would kill the process. */
  constructor(terminal: Pick<Terminal, 'isGone'>) {
    this.#terminal = terminal
    const { promise, resolve } = Promise.withResolvers<string>()
    this.gone = promise
    this.#end = resolve
    process.on('SIGHUP', () => {
      if (!this.check()) this.onReload?.()
    })
  }

  /**
   * Whether the terminal is gone. A node in the background of a shell is not always sent SIGHUP, and notices by a log line
   * that it cannot write.
   */
  check(): boolean {
    const { isGone } = this.#terminal
    if (isGone) this.#end('the terminal it was started in is gone')
    return isGone
  }
}
