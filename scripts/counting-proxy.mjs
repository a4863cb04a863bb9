// A TCP proxy on loopback that counts the bytes that pass through it, each way.
import { connect, createServer } from 'node:net'
import { once } from 'node:events'

export class CountingProxy {
  /** From who dialled, and to him. */
  up = 0
  down = 0
  #server
  #sockets = new Set()

  constructor(targetPort) {
    this.#server = createServer((near) => {
      const far = connect(targetPort, '127.0.0.1')
      near.on('data', (bytes) => (this.up += bytes.byteLength))
      far.on('data', (bytes) => (this.down += bytes.byteLength))
      near.pipe(far).pipe(near)
      for (const [socket, other] of [
        [near, far],
        [far, near],
      ]) {
        this.#sockets.add(socket)
        socket.on('error', () => other.destroy())
        socket.on('close', () => other.destroy())
      }
    })
  }

  /** Gives the port that it listens on. */
  async start() {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.#server.address().port
  }

  stop() {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }
}
