import { afterEach, expect, test } from 'vitest'
import { Hangup } from '../../../../src/node/daemon/hangup.ts'

const before = process.listeners('SIGHUP')

afterEach(() => {
  for (const listener of process.listeners('SIGHUP')) if (!before.includes(listener)) process.off('SIGHUP', listener)
})

function hung(isGone: boolean): { hangup: Hangup; reloads: () => number } {
  const hangup = new Hangup({ isGone })
  let reloads = 0
  hangup.onReload = () => {
    reloads += 1
  }
  return { hangup, reloads: () => reloads }
}

test('§12 SIGHUP asks for the config file again while the terminal is there, or where there is none', () => {
  const { hangup, reloads } = hung(false)
  process.emit('SIGHUP')
  expect(reloads()).toBe(1)
  hangup.onReload = undefined
  process.emit('SIGHUP')
  expect(reloads()).toBe(1)
})

test('§12 SIGHUP ends a node whose terminal is gone, and nothing is read again', async () => {
  const { hangup, reloads } = hung(true)
  process.emit('SIGHUP')
  expect(await hangup.gone).toMatch(/terminal/)
  expect(reloads()).toBe(0)
})

test('§12 a lost log line is enough to notice it, without a signal', async () => {
  const { hangup } = hung(true)
  expect(hangup.check()).toBe(true)
  await hangup.gone
})
