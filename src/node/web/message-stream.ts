/**
 * A WebSocket as the stream of lines that the control port reads and writes (spec §10): each message is one line. So what the
 * port bounds for its own sockets holds here: one code counts calls, subscriptions and unread bytes.
 */
import { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'

const NEWLINE = 0x0a
const SPACE = 0x20
const UNSUPPORTED_DATA = 1003
const NORMAL = 1000

export class MessageStream extends Duplex {
  readonly #socket: WebSocket

  /** Takes ownership of an open socket. */
  constructor(socket: WebSocket) {
    super()
    this.#socket = socket
    socket.binaryType = 'nodebuffer'
    socket.on('message', (data: Buffer, isBinary) => this.#take(data, isBinary))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => {
      this.push(null)
      // What has come already is still read.
      if (this.readableLength === 0) this.destroy()
      else this.once('end', () => this.destroy())
    })
  }

  override _read(): void {
    if (this.#socket.isPaused) this.#socket.resume()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    const lines: { readonly data: Buffer; readonly fin: boolean }[] = []
    let start = 0
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
      lines.push({ data: chunk.subarray(start, end), fin: true })
      start = end + 1
    }
    // The rest of a long line follows in fragments.
    if (start < chunk.byteLength) lines.push({ data: chunk.subarray(start), fin: false })
    const last = lines.pop()
    for (const { data, fin } of lines) this.#socket.send(data, { binary: false, fin })
    if (last === undefined) done()
    else this.#socket.send(last.data, { binary: false, fin: last.fin }, (error) => done(error))
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.close(NORMAL)
    done()
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.terminate()
    done(error)
  }

  #take(data: Buffer, isBinary: boolean): void {
    if (isBinary) {
      this.#socket.close(UNSUPPORTED_DATA, 'send text')
      return
    }
    // In JSON a newline stands between words alone.
    for (let at = data.indexOf(NEWLINE); at !== -1; at = data.indexOf(NEWLINE, at + 1)) data[at] = SPACE
    const hasRoom = this.push(Buffer.concat([data, Buffer.of(NEWLINE)]))
    if (!hasRoom) this.#socket.pause()
  }
}
