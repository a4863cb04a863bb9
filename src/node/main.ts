#!/usr/bin/env node
/** The `freechains` executable: arguments, signals, exit status (spec §11). Commands are in `cli/`. */
import './base/polyfill.ts'
import { run } from './cli/run.ts'
import { connect as connectForLong } from './control/client/app-client.ts'
import { connect } from './control/client/connection.ts'
import { setV8Flags } from './daemon/v8-flags.ts'

const interrupted = new AbortController()
// Once: a second Ctrl-C ends the process the hard way.
process.once('SIGINT', (name) => interrupted.abort(name))
process.once('SIGTERM', (name) => interrupted.abort(name))
// Failed writes are reported to who writes; without a listener they would be thrown as well.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

const { stdin, stdout, stderr, env } = process
process.exitCode = await run(
  process.argv.slice(2),
  { stdin, stdout, stderr, env, signal: interrupted.signal },
  {
    connect,
    connectPersistent: (endpoint, options) =>
      connectForLong({ ...endpoint, ...options, patienceMs: Infinity, repeatReads: true }),
    // The node and libp2p take a while to load: only `start` needs them.
    runVerify: async (options, tell) => (await import('./daemon/verify-command.ts')).runVerify(options, tell),
    runDaemon: async (options) => {
      setV8Flags()
      await (await import('./daemon/daemon.ts')).runDaemon(options, interrupted.signal)
    },
  },
)
// Stdin that was not read to its end would keep the process, and so would, for a second, a timer of libp2p's.
process.exit()
