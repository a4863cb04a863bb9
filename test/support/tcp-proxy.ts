/** A TCP proxy on loopback that breaks off what runs through it after exactly so many bytes. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

/** To the server that was dialled, or back. */
export type Direction = 'there' | 'back'

export class TcpProxy {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** The port that it leads to. */
  target = 0
  /** Bytes that went through since the last {@link limit}. */
  readonly passed: Record<Direction, number> = { there: 0, back: 0 }
  /** Whether the limit was reached. */
  isCut = false
  #limit: { readonly direction: Direction; readonly bytes: number } | undefined

  private constructor(server: Server) {
    this.#server = server
  }

  static async open(): Promise<TcpProxy> {
    const server = createServer()
    const proxy = new TcpProxy(server)
    server.on('connection', (near) => proxy.#join(near, connect(proxy.target, '127.0.0.1')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return proxy
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  /** Ends all connections; what comes is cut after so many bytes in that direction, or not at all. */
  limit(limit?: { readonly direction: Direction; readonly bytes: number }): void {
    this.#cutAll()
    this.passed.there = 0
    this.passed.back = 0
    this.isCut = false
    this.#limit = limit
  }

  #cutAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }

  async close(): Promise<void> {
    this.#cutAll()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, far: Socket): void {
    for (const socket of [near, far]) {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        near.destroy()
        far.destroy()
      })
    }
    near.on('data', (bytes) => this.#pass('there', bytes, far))
    far.on('data', (bytes) => this.#pass('back', bytes, near))
  }

  #pass(direction: Direction, bytes: Uint8Array, to: Socket): void {
    const room = this.#limit?.direction === direction ? this.#limit.bytes - this.passed[direction] : Infinity
    const through = bytes.subarray(0, Math.max(0, room))
    this.passed[direction] += through.byteLength
    if (through.byteLength === bytes.byteLength) {
      to.write(through)
      return
    }
    this.isCut = true
    to.end(through, () => this.#cutAll())
  }
}
