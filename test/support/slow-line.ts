/** A bad line on loopback: a TCP proxy that carries only so many bytes a second, in each direction. */
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net'

const TICK_MS = 20

export class SlowLine {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** The other end of each. */
  readonly #others = new WeakMap<Socket, Socket>()
  readonly #timer: NodeJS.Timeout
  /** The port that it leads to. */
  target = 0
  bytesPerSecond: number
  #tickedMs = performance.now()

  private constructor(server: Server, bytesPerSecond: number) {
    this.#server = server
    this.bytesPerSecond = bytesPerSecond
    this.#timer = setInterval(() => this.#tick(), TICK_MS)
  }

  static async open(bytesPerSecond: number): Promise<SlowLine> {
    const server = createServer()
    const line = new SlowLine(server, bytesPerSecond)
    server.on('connection', (near) => line.#join(near, connect(line.target, '127.0.0.1')))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return line
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#others.set(socket, other)
      this.#sockets.add(socket)
      // What is not read waits with the sender.
      socket.on('readable', () => undefined)
      socket.on('error', () => undefined)
      socket.on('close', () => {
        this.#sockets.delete(socket)
        other.destroy()
      })
    }
  }

  #tick(): void {
    const nowMs = performance.now()
    const share = Math.max(1, Math.floor((this.bytesPerSecond * (nowMs - this.#tickedMs)) / 1000))
    this.#tickedMs = nowMs
    for (const socket of this.#sockets) {
      const bytes = socket.read(Math.min(share, socket.readableLength)) as Buffer | null
      if (bytes !== null) this.#others.get(socket)?.write(bytes)
    }
  }
}
