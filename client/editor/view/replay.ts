import { html, nothing } from 'lit';
import { live } from 'lit/directives/live.js';
import type { App } from '../app.ts';
import { endReplay, type Replay, seekReplay, togglePlay } from '../replay.ts';
import type { Picture } from '../state.ts';
import { stepUrl } from '../timeline.ts';
import { icon } from './icons.ts';
import { inputValue } from './input-value.ts';
import { stepWords } from './timeline.ts';

/** The clean guess of a step in the large view, with what plays, holds and seeks. */
export function replayStage(app: App, picture: Picture, { run, node, at, playing }: Replay) {
  const step = node.steps[at];
  if (step === undefined) return nothing;
  const words = stepWords(step, node);
  return html`<div class="stage replay"><div class="part clean"><img src=${stepUrl(run, node.node, step)} alt="The clean guess, ${words}" /></div></div>
    <div class="scrub"><button class="icon" id="play" title=${playing ? 'Hold' : 'Play'} @click=${() => togglePlay(app, picture)}>${icon(playing ? 'hold' : 'play')}<span class="hidden">${playing ? 'Hold' : 'Play'}</span></button>
      <input type="range" min="0" max=${node.steps.length - 1} .value=${live(String(at))} aria-label="Step" aria-valuetext=${words} @input=${(event: Event) => seekReplay(app, picture, Number(inputValue(event)))} />
      <span class="words">${words}</span><button class="text" @click=${() => endReplay(app, picture)}>The picture</button></div>
    <div hidden>${node.steps.map((one) => html`<img alt="" src=${stepUrl(run, node.node, one)} />`)}</div>`;
}
