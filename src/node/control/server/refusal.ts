/** Tells a client that all connections are taken (spec §10). A socket that only closed would look like a daemon that died. */
import type { Duplex } from 'node:stream'
import { ControlError } from '../error-codes.ts'
import type { ControlLimits } from '../port-limits.ts'
import { errorResponse } from './dispatcher.ts'

/** Sends the reason and closes. Input is discarded: unread, it would make the kernel reset the connection. */
export function refuse(socket: Duplex, { connections, closeMs }: Pick<ControlLimits, 'connections' | 'closeMs'>): void {
  const why = `the daemon has ${String(connections)} connections here, as many as it takes: end programs that are connected`
  const timer = setTimeout(() => socket.destroy(), closeMs)
  socket.once('close', () => clearTimeout(timer))
  // A reset is a normal end.
  socket.on('error', () => undefined)
  socket.end(`${JSON.stringify(errorResponse(null, new ControlError('too-many-connections', why)))}\n`)
  socket.resume()
}
