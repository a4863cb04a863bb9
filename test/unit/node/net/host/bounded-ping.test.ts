import { expect, onTestFinished, test } from 'vitest'
import type { Host } from '../../../../../src/node/net/host/host.ts'
import { addressOf, dial, soon, startHosts, stopAll } from '../../../../support/hosts.ts'

test('two hosts ping each other over one connection, as often as they like', async () => {
  const hosts = (await startHosts(2)) as [Host, Host]
  onTestFinished(() => stopAll(hosts))
  const [a, b] = hosts
  await dial(a, b)
  for (let time = 0; time < 3; time++) {
    for (const [from, to] of [[a, b] as const, [b, a] as const]) {
      expect(await from.ping(addressOf(to), { signal: soon() })).toMatchObject({ ok: true })
    }
  }
})
