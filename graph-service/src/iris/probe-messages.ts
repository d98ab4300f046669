/** Probes that go to the iris service together: a batch of templates fits one message of the hop, one of shares may not. */
import { HOP_MESSAGE_BYTES } from '@irispair/common/grpc/limits';
import type { IrisMessage } from '@irispair/common/iris/message';

/** What the message has beside them is far less than the rest. */
const MOST_PROBE_BYTES = (HOP_MESSAGE_BYTES / 8) * 7;

/** The probes, in order, in as few messages as take them. */
export function* inMessages(probes: readonly IrisMessage[]): Generator<IrisMessage[]> {
  let together: IrisMessage[] = [];
  let bytes = 0;
  for (const probe of probes) {
    const more = bytesOf(probe);
    if (together.length > 0 && bytes + more > MOST_PROBE_BYTES) {
      yield together;
      together = [];
      bytes = 0;
    }
    together.push(probe);
    bytes += more;
  }
  if (together.length > 0) yield together;
}

/** What their templates take. */
export function bytesOfProbes(probes: readonly IrisMessage[]): number {
  return probes.reduce((sum, probe) => sum + bytesOf(probe), 0);
}

function bytesOf({ left, right }: IrisMessage): number {
  return (
    left.irisCodes.byteLength +
    left.maskCodes.byteLength +
    right.irisCodes.byteLength +
    right.maskCodes.byteLength
  );
}
