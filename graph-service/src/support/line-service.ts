/** The number line behind a real hop: a gRPC server on a Unix socket that knows nothing but `Evaluate`. */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { DeadlineExceededError } from '@irispair/common/errors/errors';
import { socketTarget } from '@irispair/common/grpc/local-socket';
import {
  IrisComputeService,
  StepStatus,
  type EvaluateRequest,
  type EvaluateResponse,
  type SearchStep,
  type StepAnswer,
} from '@irispair/proto/compute';
import { NumberLine, type PlaceOf } from './number-line.js';

type Evaluate = ServerDuplexStream<EvaluateRequest, EvaluateResponse>;

/** A running service. */
export class LineService {
  /** Searches opened, in all streams. */
  opened = 0;
  /** Messages received, in all streams. */
  received = 0;
  private readonly server = new Server();
  private held: Promise<void> | undefined;
  private letGo: () => void = () => undefined;

  private constructor(private readonly placeOf: PlaceOf) {
    this.server.addService(IrisComputeService, {
      evaluate: (call: Evaluate) => {
        this.serve(call);
      },
    });
  }

  static async start(socket: string, placeOf: PlaceOf): Promise<LineService> {
    const service = new LineService(placeOf);
    await new Promise<void>((resolve, reject) => {
      service.server.bindAsync(socketTarget(socket), ServerCredentials.createInsecure(), (error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
    return service;
  }

  /** Answers nothing from now on. */
  hold(): void {
    this.held = new Promise((resolve) => {
      this.letGo = resolve;
    });
  }

  /** Answers everything again, first what was held back. */
  release(): void {
    this.held = undefined;
    this.letGo();
  }

  stop(): void {
    this.release();
    this.server.forceShutdown();
  }

  private serve(call: Evaluate): void {
    const line = new NumberLine(this.placeOf);
    call.on('data', (request: EvaluateRequest) => {
      this.received += 1;
      this.opened += request.steps.filter(({ open }) => open !== undefined).length;
      void this.answer(line, request).then((response) => call.write(response));
    });
    call.on('end', () => {
      call.end();
    });
  }

  private async answer(line: NumberLine, { requestId, steps }: EvaluateRequest): Promise<EvaluateResponse> {
    await this.held;
    const answers = await Promise.all(steps.map((step) => answerStep(line, step)));
    return { requestId, answers, receivedMicroseconds: 0, startedMicroseconds: 0, finishedMicroseconds: 0 };
  }
}

async function answerStep(line: NumberLine, step: SearchStep): Promise<StepAnswer> {
  try {
    return await line.evaluate({ ...step, trace: undefined, deadline: step.deadlineMicroseconds });
  } catch (error) {
    return {
      searchId: step.searchId,
      status: error instanceof DeadlineExceededError ? StepStatus.DEADLINE_EXCEEDED : StepStatus.INVALID,
      entered: Buffer.alloc(0),
      matchCount: 0,
      neighbourhoodSize: 0,
      stale: 0,
      distances: Buffer.alloc(0),
      detail: String(error),
    };
  }
}
