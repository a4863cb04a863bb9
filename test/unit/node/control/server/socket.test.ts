/** The control port's unix socket (spec §10), on a real file system. */
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bindSocket, unbindSocket } from '../../../../../src/node/control/server/socket.ts'

let home: string
let stateDir: string

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'freechains-socket-'))
  stateDir = join(home, 'state')
  mkdirSync(stateDir, { mode: 0o700 })
})

afterEach(() => {
  chmodSync(home, 0o700)
  rmSync(home, { recursive: true })
})

test('its directory is all that a daemon has to be able to write to', async () => {
  // Root may write anywhere, so the times of the directory above are what shows that nothing was made there.
  chmodSync(home, 0o500)
  const before = statSync(home, { bigint: true }).mtimeNs
  const server = createServer()
  const bound = await bindSocket(server, join(stateDir, 'control-1.sock'))
  expect(bound.ok && statSync(bound.value.path).mode & 0o777).toBe(0o600)
  expect(readdirSync(stateDir)).toEqual(['control-1.sock'])
  expect(statSync(home, { bigint: true }).mtimeNs).toBe(before)
  server.close()
})

test('it is removed by the daemon that made it, and not by another', async () => {
  const path = join(stateDir, 'control-1.sock')
  const [first, second] = [createServer(), createServer()]
  const old = await bindSocket(first, path)
  const young = await bindSocket(second, path)
  if (!old.ok || !young.ok) throw new Error('not bound')
  await unbindSocket(old.value)
  expect(readdirSync(stateDir)).toEqual(['control-1.sock'])
  await unbindSocket(young.value)
  expect(readdirSync(stateDir)).toEqual([])
  first.close()
  second.close()
})
