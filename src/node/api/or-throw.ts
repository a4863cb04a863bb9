/** From faults as data to the control port's errors: the one place where handlers cross over. */
import type { Result } from '../../dag/faults.ts'
import { controlErrorOf, type ReportedFault } from '../control/error-codes.ts'

/** The value of a result. @throws {ControlError} what the caller is to read about its fault */
export function orThrow<T>(result: Result<T, ReportedFault>): T {
  if (!result.ok) throw controlErrorOf(result.fault)
  return result.value
}
