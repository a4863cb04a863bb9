/**
 * The log port and its default, pino (spec §12 `logLevel`): one JSON object per line on stderr, with a stable event
 * name and facts; `log-sink.ts` drops what cannot be written. Callers never pass payloads, keys, tokens or a peer's bytes as text; `log-facts.ts` is the second
 * line of defence.
 */
import { pino } from 'pino'
import { logFacts } from './log-facts.ts'
import { stderrSink } from './log-sink.ts'

/** `error` means that someone must act. Event names are `subject.what-happened` and stable. */
export interface Logger {
  debug(event: string, facts?: object): void
  info(event: string, facts?: object): void
  warn(event: string, facts?: object): void
  error(event: string, facts?: object): void
}

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LoggerOptions {
  readonly level: LogLevel
  /** Where lines are written; stderr by default. */
  readonly stream?: { write(line: string): void }
}

/** Writes at once where the reader keeps up, so that the lines before a crash are not lost. */
export function createLogger({ level, stream }: LoggerOptions): Logger {
  const sink = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: logFacts },
    },
    stream ?? stderrSink(),
  )
  return {
    debug: (event, facts = {}) => {
      sink.debug(facts, event)
    },
    info: (event, facts = {}) => {
      sink.info(facts, event)
    },
    warn: (event, facts = {}) => {
      sink.warn(facts, event)
    },
    error: (event, facts = {}) => {
      sink.error(facts, event)
    },
  }
}

/**
 * Forwards events at `level` or above to another program's logger, with their facts made safe. What that logger throws is
 * dropped: a log must not stop a node.
 */
export function forwardingLogger(level: LogLevel, target: Logger): Logger {
  const forward =
    (at: LogLevel) =>
    (event: string, facts: object = {}): void => {
      if (LOG_LEVELS.indexOf(at) < LOG_LEVELS.indexOf(level)) return
      try {
        target[at](event, logFacts(facts as Record<string, unknown>))
      } catch {
        // There is nowhere else to tell.
      }
    }
  return { debug: forward('debug'), info: forward('info'), warn: forward('warn'), error: forward('error') }
}

function nothing(): void {
  // A silent logger writes nothing.
}

/** Drops all lines. */
export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
