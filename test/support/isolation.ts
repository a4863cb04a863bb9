/**
 * Which test files need a process of their own. The others run one after another in threads that keep the modules they
 * have loaded: loading them anew for each of 150 files costs more than most of these files take.
 */
import { sourcesUnder, textOf } from './sources.ts'

/**
 * What outlives a file where modules and globals are shared: mocked modules and fake timers; flags and variables of the
 * process; the size of its heap, which is no other file's only if there is none. Spies do not: `restoreMocks` ends them with
 * the test.
 */
const LEAVES_TRACES = [
  /\bvi\.(?:mock|doMock|hoisted|resetModules|stub\w+|useFakeTimers|setSystemTime)\b/,
  /\/support\/retained\.ts'/,
  /\bprocess\.(?:chdir|umask|on|once|kill|exit|memoryUsage)\b/,
  /\bprocess\.env(?:\.\w+|\[[^\]]+\]) (?:\?\?|\|\|)?= /,
  /\bdelete (?:process|globalThis)\b|\bdeleteProperty\b|\bdefineProperty\(globalThis\b/,
  /\b(?:globalThis|[A-Z]\w*\.prototype)\.\w+ = /,
  /\bsetFlagsFromString\b|\bsetV8Flags\b/,
]

export function needsOwnProcess(text: string): boolean {
  return LEAVES_TRACES.some((trace) => trace.test(text))
}

/** Paths of the test files outside `test/integration` that need a process of their own. */
export function isolatedTests(): readonly string[] {
  return sourcesUnder('test').filter(
    (path) => path.endsWith('.test.ts') && !path.startsWith('test/integration/') && needsOwnProcess(textOf(path)),
  )
}
