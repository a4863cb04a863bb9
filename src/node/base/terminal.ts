/**
 * The terminal that a process was started in (spec §12). A process none of whose standard streams is a terminal is a
 * service: no window that closes concerns it.
 */
import { closeSync } from 'node:fs'
import { isatty } from 'node:tty'

const STANDARD = [0, 1, 2]

export class Terminal {
  readonly #streams: readonly number[]

  /** Looks at the streams as they are now: call it first. */
  constructor() {
    this.#streams = STANDARD.filter((fd) => isatty(fd))
  }

  /** Whether its window was closed, or its line hung up. Never so for a service. */
  get isGone(): boolean {
    return this.#streams.length > 0 && !this.#streams.some((fd) => isatty(fd))
  }

  /** Before an exit: Node aborts if it cannot reset the terminal that it started with. */
  release(): void {
    if (!this.isGone) return
    for (const fd of this.#streams) {
      try {
        closeSync(fd)
      } catch {
        // It is closed already.
      }
    }
  }
}

/** The part of a terminal's stream that Node has no public name for. */
interface Blocking {
  readonly _handle?: { setBlocking?(isBlocking: boolean): void }
}

/**
 * Lets writes to a terminal wait in memory. Node makes them block, so that a terminal held by Ctrl-S, or by the ssh session
 * of a sleeping laptop, stops the whole process.
 */
export function neverBlock(stream: NodeJS.WriteStream): void {
  if (stream.isTTY) (stream as unknown as Blocking)._handle?.setBlocking?.(false)
}

/** Resolves when what was written has left this process, at the latest after `ms`. */
export async function drained(stream: NodeJS.WriteStream, ms: number): Promise<void> {
  if (stream.writableLength === 0) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const timer = setTimeout(resolve, ms)
  stream.write('', () => {
    resolve(undefined)
  })
  await promise
  clearTimeout(timer)
}
