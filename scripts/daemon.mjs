// A real daemon in a process of its own, for scripts: on loopback, on ports that are free, with a config file and a data
// directory under `root`. `nodeArgs` are for the node program itself, `prefix` is put in front of the command.
import { spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import '../dist/node/base/polyfill.js'
import { connect } from '../dist/node/control/client/connection.js'

const MAIN = fileURLToPath(new URL('../dist/node/main.js', import.meta.url))

/** Starts it and waits for what it prints when it is ready. `onSpawn` gets the process at once, to be ended in any case. */
export async function startDaemon({ root, name, config, nodeArgs = [], prefix = [], onSpawn = () => undefined }) {
  const file = join(root, `${name}.yaml`)
  const all = {
    dataDir: join(root, name),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    control: '127.0.0.1:0',
    discovery: { dht: false, mdns: false, remembered: false },
    logLevel: 'error',
    ...config,
  }
  await writeFile(file, JSON.stringify(all), { mode: 0o600 })
  const stateHome = join(root, 'state')
  const [command, ...args] = [...prefix, process.execPath, ...nodeArgs, MAIN, 'start', '--config', file]
  const child = spawn(command, args, {
    env: { ...process.env, XDG_STATE_HOME: stateHome },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onSpawn(child)
  const addresses = []
  let port = 0
  for await (const line of createInterface({ input: child.stdout })) {
    const [, address] = /^address: +(\S+)/.exec(line) ?? []
    if (address !== undefined) addresses.push(address)
    port ||= Number(/^control port: \S+:(\d+)/.exec(line)?.[1] ?? 0)
    if (line === 'try:') break
  }
  child.stdout.resume()
  const client = await connect({ host: '127.0.0.1', port, stateDir: join(stateHome, 'freechains') })
  return { name, child, addresses, port, client }
}
