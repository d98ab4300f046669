/** How a call was refused: for tests. */
import assert from 'node:assert/strict';
import { isServiceError } from '@irispair/common/grpc/status';

/** The status that the call ends with. @throws AssertionError when it succeeds */
export async function refusalOf(call: Promise<unknown>): Promise<{ code: number; details: string }> {
  try {
    await call;
  } catch (error) {
    assert.ok(isServiceError(error), String(error));
    return { code: error.code, details: error.details };
  }
  return assert.fail('the call succeeded');
}
