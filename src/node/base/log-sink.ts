/**
 * Where log lines go (spec §12): a line is written at once or dropped, and nothing here waits or throws, since a log must not
 * stop a node. Dropped lines are counted, and the next line that can be written comes behind a line with the count.
 */
import { fstatSync, writeSync } from 'node:fs'
import { isatty } from 'node:tty'

/** What a reader who is behind may make this node keep: some hundred lines, which is a burst at `debug`. */
export const MAX_UNREAD_LOG_BYTES = 256 * 1024

/** One end that takes lines. */
export interface LineTarget {
  /** @returns why the line is dropped; `undefined` if it is written, or on its way */
  put(line: string): string | undefined
}

/** Counts what a target drops. */
export class CountingSink {
  readonly #target: LineTarget
  #dropped = 0
  #why = ''

  /** @param connect - makes the target; what it loses later is told to the callback */
  constructor(connect: (onLost: (why: string) => void) => LineTarget) {
    this.#target = connect((why) => {
      this.#note(why)
    })
  }

  write(line: string): void {
    const failed = this.#tellDropped() ?? this.#target.put(line)
    if (failed !== undefined) this.#note(failed)
  }

  #tellDropped(): string | undefined {
    const dropped = this.#dropped
    const failed = dropped === 0 ? undefined : this.#target.put(countLine(dropped, this.#why))
    // A stream may lose the count itself later on: then it is one line more.
    if (failed === undefined) this.#dropped -= dropped
    return failed
  }

  #note(why: string): void {
    this.#dropped += 1
    this.#why = why
  }
}

/** In the form of pino's lines, which the target cannot ask for. */
function countLine(lines: number, why: string): string {
  const time = new Date().toISOString()
  return `${JSON.stringify({ level: 'warn', time, event: 'log.lines-dropped', lines, why })}\n`
}

/** Writes from an offset; returns how many bytes were written. */
export type WriteBytes = (fd: number, bytes: Buffer, offset: number) => number

/** A file or a device: a write ends at once, with an error where the disk is full. */
export function fileTarget(fd: number, write: WriteBytes = writeSync): LineTarget {
  // The head of a line may fit where the rest does not. What comes later must not continue it.
  let isTorn = false
  return {
    put: (line) => {
      const bytes = Buffer.from(isTorn ? `\n${line}` : line)
      let written = 0
      try {
        while (written < bytes.length) {
          const count = write(fd, bytes, written)
          if (count === 0) return 'nothing was written'
          written += count
        }
        isTorn = false
        return undefined
      } catch (error) {
        isTorn ||= written > 0
        return codeOf(error)
      }
    },
  }
}

/** The part of a stream that is used. `process.stderr` is one; its writes do not wait on pipes and sockets. */
export interface UnreadStream {
  readonly writableLength: number
  write(line: string, done: (error?: Error | null) => void): boolean
}

/** A pipe, a socket or a terminal, whose reader may be slow, stopped or gone. */
export function streamTarget(stream: UnreadStream, onLost: (why: string) => void): LineTarget {
  let isBehind = false
  return {
    put: (line) => {
      // Taken up again only at half: else a slow reader gets a count between any two lines.
      isBehind = stream.writableLength > (isBehind ? MAX_UNREAD_LOG_BYTES / 2 : MAX_UNREAD_LOG_BYTES)
      if (isBehind) return 'the reader is behind'
      stream.write(line, (error) => {
        if (error !== undefined && error !== null) onLost(codeOf(error))
      })
      return undefined
    },
  }
}

/** @param onLost - called after each line that a stream could not write, once it is counted */
export function stderrSink(onLost: () => void = () => undefined): CountingSink {
  return new CountingSink((count) => {
    if (!isStream(2)) return fileTarget(2)
    return streamTarget(process.stderr, (why) => {
      count(why)
      onLost()
    })
  })
}

function isStream(fd: number): boolean {
  const stat = fstatSync(fd)
  return isatty(fd) || stat.isFIFO() || stat.isSocket()
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error)
}
