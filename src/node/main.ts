#!/usr/bin/env node
/**
 * The `freechains` executable (spec §11): passes arguments, streams and signals to `cli/`, and sets the exit status.
 */
import './base/no-inspector.ts'
import './base/polyfill.ts'
import { drained, Terminal } from './base/terminal.ts'
import { run } from './cli/run.ts'
import { setV8Flags } from './daemon/v8-flags.ts'

/** Signals that end the process cleanly. Once only: a second Ctrl-C kills it. */
const ENDINGS = ['SIGINT', 'SIGTERM', 'SIGQUIT', 'SIGUSR2'] as const

/** The last lines for a reader who is behind. More would delay the end for one who has stopped. */
const DRAIN_MS = 500

const terminal = new Terminal()
const interrupted = new AbortController()
for (const signal of ENDINGS) process.once(signal, (name) => interrupted.abort(name))
// The caller of `write` gets the error. Without a listener, Node would throw it as well.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

const { stdin, stdout, stderr, env } = process
process.exitCode = await run(
  process.argv.slice(2),
  { stdin, stdout, stderr, env, signal: interrupted.signal },
  {
    // A command loads what it needs and no more. The schemas of the port cost as much as everything else together; libp2p
    // and LevelDB, which only `start` and `check` need, several times that.
    connect: async (endpoint, options) => (await import('./control/client/connection.ts')).connect(endpoint, options),
    connectPersistent: async (endpoint, options) =>
      (await import('./control/client/app-client.ts')).connect({
        ...endpoint,
        ...options,
        patienceMs: Infinity,
        repeatReads: true,
      }),
    runVerify: async (options, tell) => (await import('./daemon/verify-command.ts')).runVerify(options, tell),
    openInBrowser: async (address) => {
      await (await import('open')).default(address)
    },
    runDaemon: async (options) => {
      setV8Flags()
      await (await import('./daemon/daemon.ts')).runDaemon(options, { interrupted: interrupted.signal, terminal })
    },
  },
)
await Promise.all([drained(stdout, DRAIN_MS), drained(stderr, DRAIN_MS)])
terminal.release()
// Unread stdin would keep the process alive, and so would a timer of libp2p's for one second.
process.exit()
