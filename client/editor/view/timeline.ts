import { html, nothing } from 'lit';
import type { RecordedNode } from '../../../workflows/index.ts';
import { type App, nodeById } from '../app.ts';
import { isBusy, startRun } from '../running.ts';
import { emptyTimeline, type RecordedRun, type RecordedStep, sameNoise, stepUrl, type Timeline } from '../timeline.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';

const parts = [
  { name: 'noisy', label: 'xₜ', help: 'the noisy latent' },
  { name: 'noise', label: 'ε̂', help: 'the noise that the network sees in it' },
  { name: 'clean', label: 'x̂₀', help: 'the clean guess' },
] as const;

const shownSigma = ({ sigma }: RecordedStep): string =>
  sigma === undefined ? '' : ` · σ ${sigma < 1 ? sigma.toFixed(3) : sigma.toFixed(2)}`;

/** Which step it is, and its noise. */
export const stepWords = (step: RecordedStep, { total }: RecordedNode): string => `Step ${step.index} of ${total}${shownSigma(step)}`;

/** The three pictures of a step, each cut out of the strip they come in. */
function pictures(run: RecordedRun, node: RecordedNode, step: RecordedStep) {
  const url = stepUrl(run, node.node, step);
  return parts.map(
    ({ name, label, help }) => html`<figure title=${help}>
      <div class="part ${name}"><img src=${url} alt="${help}, ${stepWords(step, node)}" /></div>
      <figcaption>${label}</figcaption></figure>`,
  );
}

function moment(name: string, run: RecordedRun, { node, step }: { node: RecordedNode; step: RecordedStep }) {
  return html`<div class="moment">${pictures(run, node, step)}<p><b>${name}</b><span>${stepWords(step, node)}</span></p></div>`;
}

/** The steps of a run, with a slider to go through them. */
function opened(app: App, timeline: Timeline, [run, before]: readonly [RecordedRun, RecordedRun | undefined]) {
  // What is drawn may be older than the state: two changes can come before it is drawn again.
  const set = (change: Partial<Timeline>): void => app.set({ timeline: { ...(app.state.timeline ?? timeline), ...change } });
  const node = run.nodes.find((one) => one.node === timeline.node) ?? run.nodes[0];
  const step = node?.steps[timeline.at];
  if (node === undefined || step === undefined) return nothing;
  const old = before?.nodes.find((one) => one.node === node.node);
  const share = node.steps.length > 1 ? timeline.at / (node.steps.length - 1) : 1;
  const like = old && sameNoise(old.steps, step, share);
  const titleOf = (id: string): string => nodeById(app, id)?.title ?? `node ${id}`;
  const choose = (event: Event): void => {
    const chosen = run.nodes.find((one) => one.node === inputValue(event));
    if (chosen) set({ node: chosen.node, at: chosen.steps.length - 1 });
  };
  return html`<div class="scrub">
      <input id="scrub" type="range" min="0" max=${node.steps.length - 1} .value=${String(timeline.at)} aria-label="Step" aria-valuetext=${stepWords(step, node)}
        @input=${(event: InputEvent) => set({ at: Number(inputValue(event)) })} />
      ${run.nodes.length > 1 ? html`<select aria-label="Sampler" @change=${choose}>${run.nodes.map((one) => html`<option value=${one.node} ?selected=${one.node === node.node}>${titleOf(one.node)}</option>`)}</select>` : nothing}
      ${before && like ? html`<button aria-pressed=${timeline.compared} title="Show the run before at the same noise" @click=${() => set({ compared: !timeline.compared })}>Compare with the run before</button>` : nothing}
    </div>
    <div class="moments">${moment('This run', run, { node, step })}
      ${timeline.compared && before && old && like ? moment('The run before', before, { node: old, step: like }) : nothing}</div>
    <div hidden>${node.steps.map((one) => html`<img alt="" src=${stepUrl(run, node.node, one)} />`)}</div>`;
}

/** What there is to say and do while no step is there to be looked at. */
const unrecorded = (
  app: App,
) => html`<p class="empty">No step of the last run was recorded: keeping them takes a little time, so it is done while this is open.
  <button id="record-run" ?disabled=${isBusy(app)} @click=${() => startRun(app)}>Run and record</button></p>`;

/** What the last run looked like at each step; nothing before the first run. */
export function timeline(app: App) {
  const { timeline: now, run: any } = app.state;
  if (now === undefined && any === undefined) return nothing;
  const shown = now ?? emptyTimeline(false);
  const [run, before] = shown.runs;
  const toggle = (): void => app.set({ timeline: { ...shown, open: !shown.open } });
  return html`<section class="timeline ${shown.open ? 'open' : ''}" aria-label="Steps of the run">
    <button id="timeline" class="quiet" aria-expanded=${shown.open} title="How the picture came about, step by step" @click=${toggle}>${icon('chevronDown')} Steps of the run</button>
    ${!shown.open ? nothing : run === undefined ? unrecorded(app) : opened(app, shown, [run, before])}
  </section>`;
}
