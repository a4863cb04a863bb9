/** A daemon whose control port is not on a loopback address says what that means, also where its log is silent (spec §10). */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { Playground } from '../support/daemon.ts'

// A name is not taken for loopback, whatever it resolves to: so this test leaves nothing open to other machines.
test.each([
  ['LOCALHOST:0', /^freechains: other machines can reach the control port: whoever learns the cookie rules this node/],
  ['127.0.0.1:0', /^$/],
])('with control: %s', async (control, expected) => {
  const playground = await Playground.open()
  onTestFinished(() => playground.close())
  const file = join(playground.root, 'node.yaml')
  const discovery = { dht: false, mdns: false, remembered: false }
  const on = { listen: ['/ip4/127.0.0.1/tcp/0'], control, allowRemoteControl: true, logLevel: 'error', discovery }
  await writeFile(file, JSON.stringify({ dataDir: join(playground.root, 'data'), ...on }), { mode: 0o600 })
  const child = spawn(process.execPath, [resolve('dist/node/main.js'), 'start', '--config', file], {
    env: playground.env,
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  let err = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  await once(child, 'close')
  expect(err).toMatch(expected)
})
