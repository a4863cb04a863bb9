/** A stream that a test holds by the other end: nothing of a network, and no time passes by itself. */
import type { Stream } from '@libp2p/interface'
import { encode } from 'it-length-prefixed'

export class FakeStream extends EventTarget {
  status = 'open'
  readStatus = 'readable'
  remoteWriteStatus = 'writable'
  maxWriteBufferLength = 0
  /** Whether the reader takes nothing. */
  isFull = false
  readonly sent: Uint8Array[] = []

  /** As the code under test takes it. */
  get stream(): Stream {
    return this as unknown as Stream
  }

  /** Bytes that the reader has not taken. */
  writeBufferLength = 0

  send(data: Uint8Array): boolean {
    this.sent.push(data)
    if (this.isFull) this.writeBufferLength += data.byteLength
    return !this.isFull
  }

  /** The reader takes so many of the bytes that wait for it. */
  drain(bytes: number): void {
    this.writeBufferLength = Math.max(0, this.writeBufferLength - bytes)
    if (this.writeBufferLength === 0) this.dispatchEvent(new Event('idle'))
  }

  /** Bytes come in. */
  receive(data: Uint8Array): void {
    this.dispatchEvent(Object.assign(new Event('message'), { data }))
  }

  /** A whole frame comes in, behind its length. */
  receiveFrame(frame: Uint8Array): void {
    this.receive(encode.single(frame).subarray())
  }

  pause(): void {
    this.readStatus = 'paused'
  }

  resume(): void {
    this.readStatus = 'readable'
  }

  abort(error: Error): void {
    if (this.status !== 'open') return
    this.status = 'aborted'
    this.dispatchEvent(Object.assign(new Event('close'), { error }))
  }

  close(): Promise<void> {
    if (this.status === 'open') this.status = 'closed'
    this.dispatchEvent(new Event('close'))
    return Promise.resolve()
  }
}
