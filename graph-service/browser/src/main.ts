/** The page: asks for snapshots and hands each to the views. */
import type { Snapshot } from '@irispair/graph-service/page/snapshot';
import { Connection } from './connection.js';
import { byId, setAttribute, setText } from './dom.js';
import { formatAge } from './format.js';
import { MachineView } from './machine.js';
import { NoticesView } from './notices.js';
import { DecisionView } from './services.js';
import { WaterfallsView } from './waterfalls.js';
import { WorkView } from './work.js';

const notices = new NoticesView(byId('notices'), byId('readiness'), byId('connection'));
const decision = new DecisionView(byId('placement'));
const machine = new MachineView(byId('machine'));
const work = new WorkView(byId('work'));
const waterfalls = new WaterfallsView(byId('slow-requests'), byId('no-slow-requests'));

let version: string | undefined;

function show(snapshot: Snapshot): void {
  version ??= snapshot.version;
  // Another version has another page.
  if (snapshot.version !== version) location.reload();
  notices.showSnapshot(snapshot);
  decision.show(snapshot);
  machine.show(snapshot);
  work.show(snapshot);
  waterfalls.show(snapshot.slowRequests);
  setText(byId('version'), `IrisPair ${snapshot.version}`);
  const { ageMilliseconds } = snapshot.placement;
  setText(
    byId('report-age'),
    ageMilliseconds === null
      ? 'The services have not reported yet.'
      : `Threads and memory as reported ${formatAge(ageMilliseconds)}.`,
  );
  byId('page').hidden = false;
}

const connection = new Connection(show, (state) => {
  notices.showConnection(state);
  setAttribute(document.body, 'data-connection', state.kind);
});

const pause = byId('pause');
pause.addEventListener('click', () => {
  const isPaused = pause.getAttribute('aria-pressed') !== 'true';
  setAttribute(pause, 'aria-pressed', String(isPaused));
  connection.pause(isPaused);
});
