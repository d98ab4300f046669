/** What is not as it should be, in words; read out when it changes. */
import type { Snapshot } from '@irispair/graph-service/page/snapshot';
import type { ConnectionState } from './connection.js';
import { make, setAttribute, setText } from './dom.js';
import { formatCount } from './format.js';

/** The words. */
export class NoticesView {
  private ofService: string[] = [];
  private ofConnection: string[] = [];

  constructor(
    private readonly parent: HTMLElement,
    private readonly readiness: HTMLElement,
    private readonly connection: HTMLElement,
  ) {}

  showSnapshot({ state, placement, hop }: Snapshot): void {
    const { notReady, storeAway, catchUp } = state;
    const isReady = notReady === '';
    setText(this.readiness, isReady ? 'ready' : 'not ready');
    setAttribute(this.readiness, 'data-mood', isReady ? 'good' : 'bad');
    const caughtUp =
      catchUp.all > catchUp.done
        ? ` (${formatCount(catchUp.done)} of ${formatCount(catchUp.all)} irises)`
        : '';
    const loading =
      hop === null ? 'Graph and hop are shown once it is loaded.' : 'No request is answered meanwhile.';
    this.ofService = [
      ...(isReady ? [] : [`The graph service is not ready: ${notReady}${caughtUp}. ${loading}`]),
      ...(storeAway === '' ? [] : [`Enrolments are refused: ${storeAway}.`]),
      ...(isReady && placement.irisAway !== ''
        ? [`The iris service has not reported: ${placement.irisAway}.`]
        : []),
    ];
    this.show();
  }

  showConnection(state: ConnectionState): void {
    // Nobody knows whether a service is ready that does not answer.
    this.readiness.hidden = state.kind === 'lost';
    setText(this.connection, state.kind === 'lost' ? 'connection lost' : state.kind);
    setAttribute(
      this.connection,
      'data-mood',
      state.kind === 'lost' ? 'bad' : state.kind === 'live' ? 'good' : 'calm',
    );
    this.ofConnection =
      state.kind === 'lost'
        ? [
            `The connection to the graph service is lost: ${state.reason}. It is tried again; the figures are the last ones.`,
          ]
        : [];
    this.show();
  }

  /** What is said already stays: it would be read out again. */
  private show(): void {
    const words = [...this.ofConnection, ...this.ofService];
    if (words.join('\n') === [...this.parent.children].map(({ textContent }) => textContent).join('\n'))
      return;
    this.parent.replaceChildren(...words.map((text) => make('p', { class: 'notice', text })));
  }
}
