// The floors: what this machine gives, without a line of this project around it, at the moment a figure is measured. All are rates.
import { createPrivateKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { open } from 'node:fs/promises'
import { spawn } from 'node:child_process'
import { connect } from 'node:net'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { LevelDatastore } from 'datastore-level'
import { lanes, rate } from './figures.mjs'

/** As many as one post of 50 bytes has in the store. */
const ROW_BYTES = 400
const ECHO = fileURLToPath(new URL('echo.mjs', import.meta.url))

export async function openFloors(root) {
  const level = new LevelDatastore(join(root, 'floor'))
  await level.db.open({ compression: false })
  const file = await open(join(root, 'floor.bytes'), 'a')
  const row = Buffer.alloc(ROW_BYTES, 7)
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const message = Buffer.alloc(51, 1)
  const signature = sign(null, message, privateKey)
  const der = privateKey.export({ format: 'der', type: 'pkcs8' })
  const echo = await openEcho(join(root, 'echo.sock'))
  let n = 0

  const floors = {
    sign: async () => rate(2_000, () => sign(null, message, privateKey)).value,
    'key import': async () => rate(500, () => createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })).value,
    verify: async () => rate(2_000, () => verify(null, message, publicKey, signature)).value,
    'synced put': async () =>
      (await lanes(1, 500, () => level.db.put(`floor-${String(n++)}`, row, { sync: true }))).perSecond,
    get: async () => (await lanes(1, 2_000, () => level.db.get('floor-0'))).perSecond,
    fdatasync: async () =>
      (
        await lanes(1, 500, async () => {
          await file.write(row)
          await file.datasync()
        })
      ).perSecond,
    /** A line there and back through a unix socket, the other end a bare Node process. */
    echo: async () => (await lanes(1, 2_000, () => echo.turn())).perSecond,
  }
  return {
    measure: (name) => floors[name](),
    close: async () => {
      echo.close()
      await file.close()
      await level.close()
    },
  }
}

async function openEcho(path) {
  const child = spawn(process.execPath, [ECHO, path], { stdio: ['ignore', 'pipe', 'inherit'] })
  await once(child.stdout, 'data')
  const socket = connect(path)
  await once(socket, 'connect')
  const line = `${'x'.repeat(300)}\n`
  return {
    turn: async () => {
      socket.write(line)
      await once(socket, 'data')
    },
    close: () => {
      socket.destroy()
      child.kill()
    },
  }
}
